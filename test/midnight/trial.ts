import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { commandSubject, encodeCommand } from "../../actors/hot/transitions.ts";
import { untilReached, verifyCatalogue } from "../../ops/verify/verify.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { createPublishing } from "../outages/publishing.ts";
import type { ShopEvent } from "../outages/shop.ts";
import type { Fault } from "./faults.ts";
import { differing, hotNow, lacking } from "./hot.ts";
import { type Night, startNight } from "./night.ts";
import { type Plan, planOf } from "./plan.ts";
import { createReaders, type Readers, type ReaderFigures } from "./readers.ts";

/** One start of a sale with one fault, what readers noticed, and what was hot when all had settled. */
export interface TrialSettings {
  readonly fault: Fault;
  readonly seed: number;
  readonly products: number;
  readonly readsPerSecond: number;
  readonly changesPerSecond: number;
  /** What was hot without a fault; absent: this is that trial. */
  readonly expected?: readonly string[];
}

export interface TrialResult {
  readonly fault: string;
  readonly seed: number;
  /** Everything that should not have been, in words. */
  readonly wrong: string[];
  /** When all had settled. */
  hot: readonly string[];
  /** From the start until everything runs again and is as without the fault. */
  settledMs: number;
  /** Of `shelfwire verify`. */
  differences: number;
  changes: number;
  readers: ReaderFigures | undefined;
  seconds: number;
  /** Kept when something was wrong. */
  readonly dataDir: string;
}

const warmSeconds = 3;
/** From the readers' first question until the sale starts: its products warm for all of `warmSeconds`. */
const leadMs = 5_000;
/** How long before the start the first drop and the first command come. */
const beforeMs = 1_500;
const saleMs = 3_600_000;
const settledMsMax = 30_000;
const pollMs = 100;
/** Products whose answers `verify` looks at. */
const sample = 40;

/** Never throws for what went wrong inside: that is in the result. */
export async function runTrial(settings: TrialSettings): Promise<TrialResult> {
  const { fault, seed } = settings;
  const startedAt = performance.now();
  const dataDir = mkdtempSync(join(tmpdir(), `shelfwire-midnight-${fault.name}-`));
  const result: TrialResult = {
    fault: fault.name,
    seed,
    wrong: [],
    hot: [],
    settledMs: 0,
    differences: 0,
    changes: 0,
    readers: undefined,
    seconds: 0,
    dataDir,
  };
  const { wrong } = result;
  try {
    const night = await startNight(dataDir, warmSeconds);
    try {
      await live(night, settings, result);
      await judge(night, result);
    } finally {
      wrong.push(...(await night.stop()));
    }
  } catch (error) {
    wrong.push((error as Error).stack ?? String(error));
  }
  result.seconds = Math.round((performance.now() - startedAt) / 1_000);
  if (wrong.length === 0) rmSync(dataDir, { recursive: true, force: true });
  else writeFileSync(join(dataDir, "trial.json"), `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

async function live(night: Night, settings: TrialSettings, result: TrialResult): Promise<void> {
  const { catalogue, nodes } = night;
  const plan = planOf(settings.seed, settings.products);
  const log = catalogue.catalog;
  const { changesPerSecond, readsPerSecond } = settings;
  const publishing = createPublishing({ log, shop: plan.shop, perSecond: changesPerSecond, onPrice() {} });
  await publishing.open();
  const { readModel, versions } = catalogue;
  await untilReached({ readModel, versions: versions.catalog }, (await log.bounds()).last);
  const readers = createReaders({ nodes, plan, perSecond: readsPerSecond, newest: publishing.newest });
  readers.begin();
  publishing.begin();
  try {
    await midnight(night, plan, readers, settings, result);
  } finally {
    result.readers = await readers.stop();
    await publishing.stop();
  }
  result.changes = publishing.counts.acked;
  result.wrong.push(...publishing.wrong);
}

async function midnight(
  night: Night,
  plan: Plan,
  readers: Readers,
  { fault, expected }: TrialSettings,
  result: TrialResult,
): Promise<void> {
  const { hot, catalog, readModel, versions } = night.catalogue;
  const publish = ({ subject, payload }: ShopEvent) => catalog.append(subject, payload);
  const add = (product: Identifier) =>
    hot.append(commandSubject(product), encodeCommand({ command: "add", at: Date.now() }));
  const startsAt = Date.now() + leadMs;
  const until = (at: number) => delay(Math.max(0, at - Date.now()));
  readers.starts(startsAt);
  await publish(plan.sale(startsAt, startsAt + saleMs));
  await until(startsAt - beforeMs);
  await Promise.all([publish(plan.drop(plan.dropped[0])), add(plan.added[0])]);
  const strike = await fault.aim(night);
  const deals = plan.deals.map(({ id }) => id);
  const cold = lacking(deals, (await hotNow(hot)).lines);
  if (cold.length > 0) result.wrong.push(`not warm before the start: ${cold.join(", ")}`);
  await until(startsAt);
  await strike();
  // An emptied store has no price for another one to fall from.
  await untilReached({ readModel, versions: versions.catalog }, (await catalog.bounds()).last);
  await Promise.all([publish(plan.drop(plan.dropped[1])), add(plan.added[1])]);
  await untilSettled(night, plan, expected, result);
  result.settledMs = Date.now() - startsAt;
}

/** Until every product is hot, held by all who were to, and the same as without the fault; what is there at last counts. */
async function untilSettled(
  { catalogue }: Night,
  plan: Plan,
  expected: readonly string[] | undefined,
  result: TrialResult,
): Promise<void> {
  for (const deadline = performance.now() + settledMsMax; ; await delay(pollMs)) {
    const missing: string[] = [];
    try {
      const { lines, unsettled } = await hotNow(catalogue.hot);
      result.hot = lines;
      missing.push(...lacking(plan.hot, lines).map((id) => `not hot: ${id}`));
      if (expected !== undefined) missing.push(...differing(expected, lines));
      if (unsettled !== undefined) missing.push(`not settled: ${unsettled}`);
    } catch (error) {
      missing.push(`hot products cannot be read: ${error}`);
    }
    if (missing.length === 0) return;
    if (performance.now() < deadline) continue;
    result.wrong.push(...missing.map((what) => `after ${settledMsMax} ms: ${what}`));
    return;
  }
}

/** Everybody has stopped. */
async function judge({ catalogue, nodes: [, living] }: Night, result: TrialResult): Promise<void> {
  const verified = await verifyCatalogue({
    ...catalogue,
    versions: catalogue.versions.catalog,
    api: living.url,
    sample,
    now: () => Date.now(),
  });
  result.differences = verified.differences;
  const { wrong, readers } = result;
  wrong.push(...verified.shown.slice(0, 10).map((each) => `differs: ${JSON.stringify(each)}`));
  if (readers === undefined) return;
  wrong.push(
    ...readers.failures.first,
    ...readers.mistimed.first,
    ...readers.wentBack.first,
    ...readers.older.first,
  );
}
