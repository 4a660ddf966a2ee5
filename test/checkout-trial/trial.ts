import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "../../ops/demo/random.ts";
import type { Check } from "./checks.ts";
import { judge } from "./judge.ts";
import type { Part, PartFigures, PartName, StartPart } from "./part.ts";
import { type Rig, startRig } from "./rig.ts";
import { readStock } from "./stock-reading.ts";

/** A checkout under fault: buyers of each part, one part behind the other, until the last unit is sold; then all is checked. */
export interface TrialSettings {
  readonly seed: number;
  readonly parts: readonly StartPart[];
}

export interface TrialResult {
  readonly seed: number;
  /** Everything that should not have been, in words. */
  readonly wrong: string[];
  checks: readonly Check[];
  parts: Partial<Record<PartName, PartFigures>>;
  /** Events of STOCK. */
  events: number;
  /** Counts in them, and those among them that left nothing for units on hold. */
  counts: { taken: number; belowHolds: number };
  seconds: number;
  /** Kept when something was wrong. */
  readonly dataDir: string;
}

const keepers = 2;
const nodes = 2;
/** Longer than units are held for anybody. */
const holdsEndMs = 11 * 60_000;

/** Never throws for what went wrong inside: that is in the result. */
export async function runTrial(settings: TrialSettings): Promise<TrialResult> {
  const { seed } = settings;
  const startedAt = performance.now();
  const dataDir = mkdtempSync(join(tmpdir(), "shelfwire-checkout-"));
  const counts = { taken: 0, belowHolds: 0 };
  const result: TrialResult = {
    seed,
    wrong: [],
    checks: [],
    parts: {},
    events: 0,
    counts,
    seconds: 0,
    dataDir,
  };
  const { wrong } = result;
  try {
    const rig = await startRig({ dataDir, keepers, nodes });
    try {
      await live(rig, settings, result);
    } finally {
      wrong.push(...(await rig.stop()));
    }
  } catch (error) {
    wrong.push((error as Error).stack ?? String(error));
  }
  for (const { name, looked, wrong: seen } of result.checks) {
    if (seen.count > 0) wrong.push(`${seen.count} times not so: ${name}`, ...seen.first);
    if (looked === 0) wrong.push(`nothing to look at: ${name}`);
  }
  result.seconds = Math.round((performance.now() - startedAt) / 1_000);
  if (wrong.length === 0) rmSync(dataDir, { recursive: true, force: true });
  else writeFileSync(join(dataDir, "trial.json"), `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

async function live(rig: Rig, { seed, parts: starts }: TrialSettings, result: TrialResult): Promise<void> {
  const stock = readStock(rig.catalogue.stock);
  const parts: Part[] = [];
  try {
    for (const [at, start] of starts.entries()) parts.push(start(rig, createRandom(seed, -100 - at)));
    await Promise.all(parts.map(({ shop }) => rig.open(shop)));
    for (const part of parts) await part.play();
    await endAll();
    for (const part of parts) await part.sellOut();
    await endAll();
    result.events = stock.messages();
    const counts = [...stock.partitions.values()].flatMap((partition) => partition.counts);
    const belowHolds = counts.filter(({ missing }) => missing > 0).length;
    result.counts = { taken: counts.length, belowHolds };
    result.checks = await judge(rig, parts, stock);
    for (const part of parts) {
      const figures = await part.figures();
      result.parts[part.name] = figures;
      result.wrong.push(...figures.wrong);
    }
  } finally {
    for (const part of parts) await part.close();
  }

  /** What was left, and what its keeper could not be told of, ends when its time is up. */
  async function endAll(): Promise<void> {
    await rig.passTime(holdsEndMs);
    const held = await stock.untilNothingIsHeld();
    if (held.length > 0) result.wrong.push(`${held.length} are still held, such as ${held[0]}`);
  }
}
