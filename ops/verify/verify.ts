import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../../streams/log.ts";
import type { ReadModel } from "../../projections/read-model.ts";
import type { RedisConnection } from "../../projections/redis/connection.ts";
import { sameLog, sequenceOf, type Versions } from "../../projections/version.ts";
import { compareAnswers } from "./compare-answers.ts";
import { compareKeys } from "./compare-keys.ts";
import { compareQuarantine } from "./compare-quarantine.ts";
import { compareReadModel } from "./compare-read-model.ts";
import { type Comparison, partitionsOf } from "./comparison.ts";
import { askHttp } from "./http.ts";
import { createPatience } from "./patience.ts";
import { createReferenceFold, type Reference } from "./reference/fold.ts";
import { type Counts, createTally } from "./tally.ts";

/**
 * `shelfwire verify`: the log is folded a second time by code of its own, and every read model, the quarantine
 * and a sample of what the API answers are held against the result. It reads only, and may run beside a
 * system at work: what has become newer than the folded part of the log is passed over and counted.
 *
 * Costs one pass over the log, and in memory one to two kilobytes for each product held (measured: 1.2).
 */
export interface VerifyOptions {
  readonly catalog: Log;
  readonly quarantine: Log;
  readonly readModel: ReadModel;
  /** For SCAN, which takes longer than a reader would wait: give it a time limit of seconds. */
  readonly redis: RedisConnection;
  /** Where the API listens, such as `http://127.0.0.1:8080`; without it no answers are compared. */
  readonly api?: string;
  readonly versions: Versions;
  /** Compare the products of one partition alone, where the memory is short. */
  readonly partition?: number;
  /** How many products' answers. Default 200. */
  readonly sample?: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onProgress?: (progress: VerifyProgress) => void;
}

export interface VerifyProgress {
  readonly stage: string;
  /** While the log is folded: how far. */
  readonly sequence?: number;
  readonly head: number;
}

export interface VerifyReport extends Counts {
  /** The log was folded up to this sequence. */
  readonly head: number;
  readonly products: number;
  readonly badEvents: number;
}

/** Nothing could be compared; the message says what to do. */
export class VerifyImpossible extends Error {
  override readonly name = "VerifyImpossible";
}

const sampleDefault = 200;
const catchUpMs = 60_000;
const pollMs = 50;
const takeMax = 4_096;
const takeMs = 5_000;
/** A sale that began or ended up to this long ago may still be on its way into the listings. */
const boundaryMs = 30_000;

export async function verifyCatalogue(options: VerifyOptions): Promise<VerifyReport> {
  const {
    catalog,
    quarantine,
    redis,
    partition,
    now,
    api,
    sample = sampleDefault,
    onProgress = () => {},
  } = options;
  const { first, last: head } = await catalog.bounds();
  if (first > 1) {
    throw new VerifyImpossible(
      `${catalog.stream} begins at ${first}: verify needs the log from its first event`,
    );
  }
  onProgress({ stage: "read models catch up", head });
  await untilReached(options, head);
  const reference = await foldLog(catalog, head, partition, (sequence) =>
    onProgress({ stage: "log", sequence, head }),
  );
  const tally = createTally();
  const moving = async () => (await catalog.bounds()).last > head || boundaryPassed(reference, now());
  const { readModel, versions } = options;
  const patience = createPatience(moving);
  const comparison: Comparison = { reference, readModel, versions, tally, patience, partition, now };
  await compareReadModel(comparison, (stage) => onProgress({ stage, head }));
  onProgress({ stage: "keys", head });
  await compareKeys(comparison, redis);
  onProgress({ stage: "quarantine", head });
  await compareQuarantine(comparison, quarantine);
  if (api !== undefined) {
    onProgress({ stage: "answers", head });
    await compareAnswers(comparison, { stream: catalog.stream, ask: askHttp(api), sample });
  }
  const { checked, skipped, absent, differences, shown } = tally;
  const counts = { checked, skipped, absent, differences, shown };
  return { head, products: reference.products.size, badEvents: reference.bad.size, ...counts };
}

/** Waits until the read models include the log up to `head`. Throws `VerifyImpossible` after a minute. */
export async function untilReached(
  {
    readModel,
    versions,
    partition,
  }: Pick<VerifyOptions, "readModel" | "versions"> & Partial<Pick<Comparison, "partition">>,
  head: number,
): Promise<void> {
  if (head === 0) return;
  const partitions = partitionsOf({ partition });
  const until = performance.now() + catchUpMs;
  for (;;) {
    const positions = await readModel.positions("catalog", partitions);
    const behind = partitions.filter((each) => {
      const position = positions.get(each)?.version;
      return position === undefined || !sameLog(position, versions(0)) || sequenceOf(position) < head;
    });
    if (behind.length === 0) return;
    if (performance.now() > until) {
      throw new VerifyImpossible(
        `the read models of ${behind.length} partitions are behind ${head}: is a projector running?`,
      );
    }
    await delay(pollMs);
  }
}

/** The reference of the log up to `head`. */
export async function foldLog(
  catalog: Log,
  head: number,
  partition: number | undefined,
  onProgress: (sequence: number) => void = () => {},
): Promise<Reference> {
  const reference = createReferenceFold(partition);
  if (head === 0) return reference;
  const tail = catalog.tail({ from: 1 });
  try {
    while (reference.head < head) {
      const { messages } = await tail.take(takeMax, takeMs);
      if (messages.length === 0)
        throw new VerifyImpossible(`${catalog.stream} does not answer behind ${reference.head}`);
      for (const message of messages) if (message.sequence <= head) reference.take(message);
      onProgress(reference.head);
    }
  } finally {
    await tail.close();
  }
  return reference;
}

/** Whether a sale began or ended a moment ago. */
export function boundaryPassed({ products }: Reference, now: number): boolean {
  for (const { sales } of products.values()) {
    for (const { starts_at, ends_at } of sales?.entries.values() ?? []) {
      if ([starts_at, ends_at].some((at) => at <= now && at > now - boundaryMs)) return true;
    }
  }
  return false;
}
