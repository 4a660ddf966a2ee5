import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createRandom } from "../../ops/demo/random.ts";
import { verifyCatalogue } from "../../ops/verify/verify.ts";
import { limits } from "../../streams/limits.ts";
import { accountFor } from "./account.ts";
import type { Armed, Fault } from "./fault.ts";
import { busyHealMsMax, importHealMsMax, untilLevel } from "./healing.ts";
import { startHolding } from "./holding.ts";
import { startImporting } from "./importing.ts";
import { type Publishing, startPublishing } from "./publishing.ts";
import { type Readers, startReaders } from "./readers.ts";
import { emptyResult, type TrialResult } from "./result.ts";
import { createStory, type Story } from "./story.ts";
import { startWorld, type World } from "./world.ts";

/**
 * One trial of a fault.
 *
 * A: a publisher and readers are at work while the fault does its harm. B: the harm is undone; publisher and
 * readers go on until the read models are level with the log. C: a second of calm in which nothing may fail,
 * then everybody stops, and the log is held against what its publisher was told, every answer against the
 * log, and the read models against a second fold of it.
 */
export interface TrialSettings {
  readonly fault: Fault;
  readonly seed: number;
  /** How long the harm lasts, about. */
  readonly harmMs: number;
  /** How long everything may take to be level again. */
  readonly healMsMax: number;
  /** Invoices to import beside the publisher. */
  readonly importFiles: readonly string[];
}

const calmMs = 1_000;
/** Products whose answers `verify` looks at. */
const sample = 40;

/** Never throws for what went wrong inside: that is in the result. */
export async function runTrial(settings: TrialSettings): Promise<TrialResult> {
  const { fault, seed } = settings;
  const startedAt = performance.now();
  const dataDir = mkdtempSync(join(tmpdir(), `shelfwire-chaos-${fault.name}-${seed}-`));
  const result = emptyResult(fault.name, seed, dataDir);
  const armed = fault.arm(createRandom(seed, -100), dataDir);
  try {
    const { withProjector } = fault;
    const world = await startWorld({ dataDir, meddling: armed.meddling, withProjector });
    try {
      await live(world, armed, settings, result);
    } finally {
      result.wrong.push(
        ...world.shelfwire.deaths,
        ...(world.projector?.deaths ?? []),
        ...(await world.stop()),
      );
    }
  } catch (error) {
    result.wrong.push((error as Error).stack ?? String(error));
  }
  result.seconds = Math.round((performance.now() - startedAt) / 1_000);
  const isClean = result.wrong.length === 0;
  if (!isClean) writeFileSync(join(dataDir, "trial.json"), `${JSON.stringify(result, null, 2)}\n`);
  armed.disarm?.(!isClean);
  if (isClean) rmSync(dataDir, { recursive: true, force: true });
  return result;
}

async function live(world: World, armed: Armed, settings: TrialSettings, result: TrialResult): Promise<void> {
  const { fault, seed, harmMs, healMsMax, importFiles: files } = settings;
  const { badShare, largeShare = 0 } = fault;
  const storySettings = { seed, badShare, largeShare, startedAt: Date.now() };
  const story = createStory(storySettings);
  const closers: (() => Promise<unknown>)[] = [];
  try {
    const publishing = startPublishing(world.natsUrl, storySettings);
    closers.push(publishing.stop);
    await publishing.opened();
    await untilLevel(world, busyHealMsMax);
    const holding = startHolding(world);
    closers.push(holding.stop);
    const readers = startReaders({ world, holding, fates: publishing.fates, seed });
    closers.push(readers.stop);
    const importing = files.length === 0 ? undefined : startImporting({ ...world, files });

    const random = createRandom(seed, -200);
    result.harms = await armed.harm({ world, publishing, importing, story, random, harmMs });
    if (result.harms === 0) result.wrong.push("no harm was done");

    const publishedAgain = (await importing?.finish()) ?? 0;
    if (publishedAgain > 0) result.wrong.push(`importing once more published ${publishedAgain}`);
    const healedAt = performance.now();
    await untilLevel(world, importing === undefined ? healMsMax : importHealMsMax);
    result.healMs = Math.round(performance.now() - healedAt);
    await calm(publishing, readers, story, result);
    await untilLevel(world, healMsMax);
    for (const close of closers.splice(0).reverse()) await close();
    await judge(world, publishing, readers, story, importing !== undefined, result);
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

/** A while in which no read and no publish may fail; then the publisher is through. */
async function calm(
  { fates, stop }: Publishing,
  readers: Readers,
  story: Story,
  result: TrialResult,
): Promise<void> {
  readers.beginCalm();
  const before = fates.tried.size;
  await delay(calmMs);
  await stop();
  const due = [...fates.tried].slice(before);
  const failed = due.filter(
    (index) => !fates.acked.has(index) && story.at(index).payload.byteLength <= limits.messageBytesMax,
  );
  if (due.length === 0) result.wrong.push("nothing was published in the calm");
  if (failed.length > 0)
    result.wrong.push(`in the calm ${failed.length} of ${due.length} events were not acknowledged`);
}

/** Everybody has stopped: holds everything against everything. */
async function judge(
  { catalogue, apiUrl }: World,
  { fates }: Publishing,
  { counts, wrong, sightings }: Readers,
  story: Story,
  withImport: boolean,
  result: TrialResult,
): Promise<void> {
  const made: string[] = [];
  const account = await accountFor({
    logs: [catalogue.catalog, catalogue.activity],
    story,
    fates,
    withImport,
    onMessage(log, message) {
      if (log === catalogue.catalog && sightings.sequences.has(message.sequence))
        made.push(...sightings.judge(message));
    },
  });
  const verified = await verifyCatalogue({
    ...catalogue,
    versions: catalogue.versions.catalog,
    api: apiUrl,
    sample,
    now: () => Date.now(),
  });
  result.wrong.push(
    ...wrong,
    ...account.wrong,
    ...made.slice(0, 5).map((each) => `made up: ${each}`),
    ...verified.shown.slice(0, 10).map((each) => `differs: ${JSON.stringify(each)}`),
  );
  const { lost, duplicates, unexpected, imported } = account;
  Object.assign(result, {
    ...counts,
    published: fates.tried.size,
    acked: fates.acked.size,
    refused: fates.refused.size,
    unknown: fates.unknown.size,
    lost,
    duplicates,
    unexpected,
    imported,
    differences: verified.differences,
  });
}
