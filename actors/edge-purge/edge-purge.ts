import type { Aspects } from "../../projections/aspects.ts";
import type { Versions } from "../../projections/version.ts";
import type { Broadcast } from "../../streams/broadcast.ts";
import { ConsumerLost, type OpenConsumer } from "../../streams/durable-consumer.ts";
import type { Journal } from "../../streams/journal.ts";
import type { Leases } from "../../streams/lease.ts";
import type { Log } from "../../streams/log.ts";
import { createBell } from "../bell.ts";
import { type Pause, pause as realPause } from "../pause.ts";
import { whileHolding } from "../sole-holder.ts";
import type { Actor } from "../supervisor.ts";
import type { EdgeProvider } from "./edge-provider.ts";
import { createPurging } from "./purging.ts";
import { encodePurgeWord, purgeKey, type PurgeReport } from "./purge-report.ts";
import { createPurgeQueue } from "./purge-queue.ts";
import { type PurgeRecord, silentMs } from "./purge-record.ts";
import { createReading } from "./reading.ts";
import type { TagNames, TagSources } from "./tags-of.ts";

/**
 * The purge actor: tells one provider what changed, behind Redis and the gateways, by a durable consumer of the words
 * that the gateways hear. One in the cluster purges a provider at a time, by a lease; two for a while only purge twice.
 *
 * A word is acknowledged when every tag that it asked for was purged or has expired, so who takes over begins with what
 * is left. Words are at most once on their way into the stream: what the chain of moves shows to be missing is read from
 * the log. While the provider fails, each tag waits once, for as long as anybody could hold what it stands for.
 */
export interface EdgePurgeOptions {
  readonly provider: EdgeProvider;
  readonly open: OpenConsumer;
  readonly log: Log;
  readonly versions: Versions;
  readonly readModel: TagSources;
  readonly leases: Leases;
  /** Where it gives a sign of life. */
  readonly purges: Broadcast;
  readonly record: PurgeRecord;
  /** How answers are tagged, what of a product they show that a change must purge, and for how long they are held. */
  readonly edge: { readonly names: TagNames; readonly shown: Aspects; readonly lifetimeMs: number };
  /** All that its lease says of it. */
  readonly about: () => PurgeReport;
  /** Milliseconds since 1970: for nothing but how old a word is. */
  readonly now: () => number;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  readonly random?: () => number;
  readonly pause?: Pause;
  readonly journal: Journal;
}

/** In this time all gateways have heard of a change, and a burst has become one call. */
const windowMs = 30;
/** Tags that may wait before no more words are taken; those stay in the stream. */
const pendingMax = 50_000;
const wordsMax = 256;
const idleMs = 250;
const signMs = 1_000;

export function createEdgePurge(options: EdgePurgeOptions): Actor {
  const { provider, leases, record, about, now, clock, pause = realPause, journal, purges } = options;
  let aliveAt = clock();

  async function work(signal: AbortSignal): Promise<void> {
    const ending = new AbortController();
    const either = AbortSignal.any([signal, ending.signal]);
    const consumer = await options.open(`purge-${provider.name}`);
    const queue = createPurgeQueue({
      windowMs,
      lifetimeMs: options.edge.lifetimeMs,
      againAfterMs: provider.limits.againAfterMs,
    });
    const bell = createBell(pause);
    let taken = 0;
    let acknowledged = 0;
    const openedAt = clock();
    /** When the oldest change was told of those that are being read. */
    let readingAt: number | undefined;
    /** It is known how old the oldest is of what waits, and that words come. */
    const looked = Promise.withResolvers<void>();

    /** Everything before the first word that still waits for a tag has been acted on. */
    function acknowledge(): void {
      const done = (queue.firstWanted() ?? taken + 1) - 1;
      if (done > acknowledged) consumer.acknowledge(done);
      acknowledged = Math.max(acknowledged, done);
    }

    const read = createReading({ ...options, queue, wanted: () => bell.ring() });
    const purging = createPurging({ ...options, queue, bell, settled: acknowledge });

    /** The stream forgets its oldest words, acted on or not, and with all of the known ones nothing else would show it. */
    function tellForgotten(first: number): void {
      if (taken === 0 && consumer.floor > 0 && first > consumer.floor + 1)
        record.unread(first - consumer.floor - 1, clock());
    }

    async function takeWords(): Promise<void> {
      while (!either.aborted) {
        aliveAt = clock();
        if (queue.size >= pendingMax) {
          await pause(idleMs, either);
          continue;
        }
        const words = await consumer.take(wordsMax, idleMs);
        const fresh = words.find(({ isKnown }) => !isKnown);
        if (fresh !== undefined) tellForgotten(fresh.sequence);
        readingAt = fresh && clock() - Math.max(0, now() - fresh.time);
        if (await read(words)) {
          record.heard(clock());
          looked.resolve();
        }
        readingAt = undefined;
        taken = words.at(-1)?.sequence ?? taken;
        acknowledge();
        if (clock() - openedAt > silentMs) looked.resolve();
        if (record.isStalled(openedAt, clock()))
          throw new ConsumerLost("no projector has said anything: the consumer may have stalled");
      }
    }

    async function giveSigns(): Promise<void> {
      await Promise.race([Promise.all([purging.tried, looked.promise]), aborted(either)]);
      while (!either.aborted) {
        const oldestAt = Math.min(queue.oldestAt() ?? Infinity, readingAt ?? Infinity);
        const state = record.look({ pending: queue.size, oldestAt, waitsSince: queue.waitsSince() }, clock());
        purges.publish(encodePurgeWord({ provider: provider.name, state }));
        await pause(signMs, either);
      }
    }

    const parts = [takeWords(), purging.run(either), giveSigns()];
    try {
      await Promise.all(parts);
    } finally {
      ending.abort();
      await Promise.allSettled(parts);
      await consumer.close();
    }
  }

  return {
    aliveAt: () => aliveAt,
    async run(signal) {
      const holding = {
        leases,
        key: purgeKey(provider.name),
        about: () => JSON.stringify(about()),
        alive: () => {
          aliveAt = clock();
        },
        clock,
        pause,
      };
      await whileHolding(holding, signal, async (held) => {
        journal.info({ provider: provider.name }, "purges go out from here");
        await work(held);
      });
    },
  };
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
