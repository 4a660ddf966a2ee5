import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { verifyCatalogue } from "../../ops/verify/verify.ts";
import { headsOf, partitionsBehind } from "../chaos/healing.ts";
import { startWorld, type World } from "../chaos/world.ts";
import { type ChannelCut, createChannelCut } from "./channel-cut.ts";
import { wantedRate } from "./hit-rate.ts";
import { type Load, type LoadFigures, type LoadSettings, startLoad } from "./load.ts";
import type { Outage } from "./outages.ts";

/** One outage of a world of two nodes under steady load, and what its readers noticed. */
export interface TrialSettings {
  readonly outage: Outage;
  /** How long it lasts, where it has a length. */
  readonly outageMs: number;
  /** How long the calm before and after it lasts. */
  readonly calmMs: number;
  /** How long everything may take to be level again. */
  readonly recoveryMsMax: number;
  readonly load: Pick<LoadSettings, "products" | "readsPerSecond" | "changesPerSecond">;
}

export interface TrialResult {
  readonly outage: string;
  /** Everything that should not have been, in words. */
  readonly wrong: string[];
  outageMs: number;
  /** From its end until the read models and the hit rate were level. */
  recoveryMs: number;
  /** Of `shelfwire verify`. */
  differences: number;
  figures: LoadFigures | undefined;
  seconds: number;
  /** Kept when something was wrong. */
  readonly dataDir: string;
}

const workers = 2;
const openedMsMax = 60_000;
const pollMs = 100;
/** Products whose answers `verify` looks at, beside all that are compared here. */
const sample = 40;

/** Never throws for what went wrong inside: that is in the result. */
export async function runTrial(settings: TrialSettings): Promise<TrialResult> {
  const { outage } = settings;
  const startedAt = performance.now();
  const dataDir = mkdtempSync(join(tmpdir(), `shelfwire-outage-${outage.name}-`));
  const result: TrialResult = {
    outage: outage.name,
    wrong: [],
    outageMs: 0,
    recoveryMs: 0,
    differences: 0,
    figures: undefined,
    seconds: 0,
    dataDir,
  };
  const { wrong } = result;
  const channel = createChannelCut();
  try {
    const world = await startWorld({
      dataDir,
      meddling: channel.meddling,
      withProjector: false,
      secondNode: true,
      workers,
    });
    try {
      await live(world, channel, settings, result);
    } finally {
      wrong.push(...world.shelfwire.deaths, ...(world.secondNode?.deaths ?? []), ...(await world.stop()));
    }
  } catch (error) {
    wrong.push((error as Error).stack ?? String(error));
  }
  result.seconds = Math.round((performance.now() - startedAt) / 1_000);
  if (wrong.length === 0) rmSync(dataDir, { recursive: true, force: true });
  else writeFileSync(join(dataDir, "trial.json"), `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

async function live(
  world: World,
  channel: ChannelCut,
  settings: TrialSettings,
  result: TrialResult,
): Promise<void> {
  const { outage, outageMs, calmMs, recoveryMsMax } = settings;
  const load = await startLoad({
    ...settings.load,
    nodes: [
      { name: "up", url: world.apiUrl },
      { name: "api", url: world.secondNodeUrl },
    ],
    natsUrl: world.natsUrl,
  });
  try {
    await load.open();
    await untilLevel(world, load, 0, openedMsMax);
    await load.warm();
    await load.begin();
    await delay(calmMs);
    await load.enter("outage");
    const struckAt = performance.now();
    await outage.strike(world, outageMs, channel);
    const overAt = performance.now();
    await load.over();
    result.outageMs = Math.round(overAt - struckAt);
    // What everybody noticed is wanted all the more where it does not become level.
    await untilLevel(world, load, wantedRate, recoveryMsMax).catch((error: Error) => {
      result.wrong.push(error.message);
    });
    result.recoveryMs = Math.round(performance.now() - overAt);
    await load.enter("after");
    await delay(calmMs);
    await load.stop();
    await untilLevel(world, load, 0, recoveryMsMax);
    result.figures = await load.compare();
  } finally {
    await load.close();
  }
  await judge(world, result);
}

/** Until the read models have all that was in the logs at the call, and at least so many reads are hits. */
async function untilLevel({ catalogue }: World, load: Load, rate: number, msMax: number): Promise<void> {
  const heads = await headsOf(catalogue);
  const missing = async () => {
    const behind = await partitionsBehind(catalogue, heads).catch(String);
    const hits = await load.rate();
    return behind ?? (hits < rate ? `of the last second's reads ${hits} are hits` : undefined);
  };
  const deadline = performance.now() + msMax;
  for (let what = await missing(); what !== undefined; what = await missing()) {
    if (performance.now() > deadline) throw new Error(`not level after ${msMax} ms: ${what}`);
    await delay(pollMs);
  }
}

/** Everybody has stopped. */
async function judge({ catalogue, apiUrl }: World, result: TrialResult): Promise<void> {
  const verified = await verifyCatalogue({
    ...catalogue,
    versions: catalogue.versions.catalog,
    api: apiUrl,
    sample,
    now: () => Date.now(),
  });
  result.differences = verified.differences;
  const { wrong, figures } = result;
  wrong.push(...verified.shown.slice(0, 10).map((each) => `differs: ${JSON.stringify(each)}`));
  if (figures === undefined) return;
  wrong.push(...figures.failures.first, ...figures.older.first, ...figures.wentBack.first);
  wrong.push(...figures.wrong, ...figures.differences.slice(0, 10));
}
