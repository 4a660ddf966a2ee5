import { decodeChange } from "../../projections/changes.ts";
import type { Aspects } from "../../projections/aspects.ts";
import type { Versions } from "../../projections/version.ts";
import type { Broadcast } from "../../streams/broadcast.ts";
import type { DeliveredWord, DurableConsumer, OpenConsumer } from "../../streams/durable-consumer.ts";
import type { Journal } from "../../streams/journal.ts";
import type { Leases } from "../../streams/lease.ts";
import type { Log } from "../../streams/log.ts";
import { createBell } from "../bell.ts";
import { type Pause, pause as realPause } from "../pause.ts";
import { whileHolding } from "../sole-holder.ts";
import type { Actor } from "../supervisor.ts";
import { createChangeChain } from "./change-chain.ts";
import type { EdgeProvider } from "./edge-provider.ts";
import { createPurging } from "./purging.ts";
import { encodePurgeWord, purgeKey, type PurgeReport } from "./purge-report.ts";
import { createPurgeQueue } from "./purge-queue.ts";
import type { PurgeRecord } from "./purge-record.ts";
import { type TagNames, tagsOf, type TagSources } from "./tags-of.ts";
import { touchedByWord } from "./touched.ts";
import { readUnnamed, spanOf, unnamedMax } from "./unnamed-events.ts";

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
  /** Milliseconds since 1970. */
  readonly now: () => number;
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
  const { provider, leases, record, about, now, pause = realPause, journal, purges } = options;
  let aliveAt = now();

  async function work(signal: AbortSignal): Promise<void> {
    const ending = new AbortController();
    const either = AbortSignal.any([signal, ending.signal]);
    const consumer = await options.open(`purge-${provider.name}`);
    const queue = createPurgeQueue({ windowMs, lifetimeMs: options.edge.lifetimeMs });
    const bell = createBell(pause);
    let taken = 0;
    let acknowledged = 0;

    /** Everything before the first word that still waits for a tag has been acted on. */
    function acknowledge(): void {
      const done = (queue.firstWanted() ?? taken + 1) - 1;
      if (done > acknowledged) consumer.acknowledge(done);
      acknowledged = Math.max(acknowledged, done);
    }

    const intake = createIntake(options, consumer);
    const purging = createPurging({ ...options, queue, bell, settled: acknowledge });

    async function takeWords(): Promise<void> {
      while (!either.aborted) {
        aliveAt = now();
        if (queue.size >= pendingMax) {
          await pause(idleMs, either);
          continue;
        }
        for (const { word, tags } of await intake.take()) {
          taken = word.sequence;
          if (!word.isKnown) queue.want(tags, Math.min(word.time, now()), word.sequence);
        }
        acknowledge();
        bell.ring();
      }
    }

    async function giveSigns(): Promise<void> {
      while (!either.aborted) {
        const oldestAt = queue.oldestAt();
        const state = record.look(queue.size, oldestAt === undefined ? 0 : Math.max(0, now() - oldestAt));
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
          aliveAt = now();
        },
        clock: () => performance.now(),
        pause,
      };
      await whileHolding(holding, signal, async (held) => {
        journal.info({ provider: provider.name }, "purges go out from here");
        await work(held);
      });
    },
  };
}

/** Words with the tags that each of them asks for. */
function createIntake(options: EdgePurgeOptions, consumer: DurableConsumer) {
  const { log, versions, readModel, edge, record, journal } = options;
  const chain = createChangeChain(versions);

  async function tagsFor({ bytes, isKnown }: DeliveredWord): Promise<ReadonlySet<string>> {
    const change = decodeChange(bytes);
    const unnamed = change && chain.follow(change);
    // No word of ours, or one about a log that is no more.
    if (change === undefined || unnamed === undefined || isKnown) return new Set();
    const named = touchedByWord(change, edge.shown);
    const tags = await tagsOf(named, edge.names, readModel).catch((error: unknown) => {
      journal.warn({ err: error }, "who else shows what changed could not be read: it ends by its lifetime");
      return new Set([...named.products].map(edge.names.product));
    });
    if (unnamed.length === 0) return tags;
    const span = spanOf(unnamed);
    if (span > unnamedMax) {
      record.unread(span);
      return tags;
    }
    const found = await tagsOf(await readUnnamed(log, unnamed), edge.names, readModel);
    return tags.union(found);
  }

  return {
    async take(): Promise<readonly { readonly word: DeliveredWord; readonly tags: ReadonlySet<string> }[]> {
      const words = await consumer.take(wordsMax, idleMs);
      const taken: { readonly word: DeliveredWord; readonly tags: ReadonlySet<string> }[] = [];
      for (const word of words) taken.push({ word, tags: await tagsFor(word) });
      return taken;
    },
  };
}
