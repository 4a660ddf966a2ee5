import { decodeChange } from "../../projections/changes.ts";
import type { Aspects } from "../../projections/aspects.ts";
import { sequenceOf, type Versions } from "../../projections/version.ts";
import type { DeliveredWord } from "../../streams/durable-consumer.ts";
import type { Journal } from "../../streams/journal.ts";
import type { Log } from "../../streams/log.ts";
import { createChangeChain, type UnnamedEvents } from "./change-chain.ts";
import type { PurgeQueue } from "./purge-queue.ts";
import type { PurgeRecord } from "./purge-record.ts";
import { askedTags, ownTags, type TagNames, type TagSources } from "./tags-of.ts";
import { mergeTouched, type Touched, touchedByWord, untouched } from "./touched.ts";
import { readUnnamed, spanOf, unnamedMax } from "./unnamed-events.ts";

/**
 * Turns words into wishes, some at a time and in their order. What a word names by itself is wanted before anything is
 * asked: who shows it besides is in the store, and what no word named is in the log, and either may not answer.
 */
export interface ReadingOptions {
  readonly log: Log;
  readonly versions: Versions;
  readonly readModel: TagSources;
  readonly record: PurgeRecord;
  readonly edge: { readonly names: TagNames; readonly shown: Aspects };
  readonly queue: PurgeQueue;
  /** Something new waits. */
  readonly wanted: () => void;
  /** Milliseconds since 1970: how old a word is. */
  readonly now: () => number;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  readonly journal: Journal;
}

/** For a question that holds other purges up. */
const askMs = 250;
/** In this time `unnamedMax` events are looked at, so that an import is not read twice. */
const budgetMs = 10_000;

export function createReading(options: ReadingOptions) {
  const { log, versions, readModel, edge, record, queue, wanted, now, clock, journal } = options;
  const chain = createChangeChain(versions);
  let budget = { until: Number.NEGATIVE_INFINITY, left: 0 };
  /** Up to where the log is known to reach. */
  let end = 0;

  /** Whether there is time to look at so many events. */
  function mayRead(events: number): boolean {
    if (clock() >= budget.until) budget = { until: clock() + budgetMs, left: unnamedMax };
    if (events > budget.left) return false;
    budget.left -= events;
    return true;
  }

  /** Whether the log holds all that these words speak of. Where it does not answer, they leave a gap to be read later. */
  async function isReached(furthest: number): Promise<boolean> {
    if (furthest <= end) return true;
    try {
      end = (await within(askMs, log.bounds())).last;
      return true;
    } catch (error) {
      journal.warn(
        { err: error },
        "where the log ends could not be asked: the next words will show what is missing",
      );
      return false;
    }
  }

  /** Returns whether a word that was not acted on before came from a catalogue that is ours. */
  return async (words: readonly DeliveredWord[]): Promise<boolean> => {
    const heardAt = clock();
    const changes = words.flatMap(({ bytes, time, isKnown }) => {
      const change = decodeChange(bytes);
      if (change === undefined || !chain.isOurs(change)) return [];
      return [{ change, isKnown, ageMs: Math.max(0, now() - time) }];
    });
    const fresh = changes.filter(({ isKnown }) => !isKnown);
    // Wishes of all these words count as the first one's: who takes over may act on some of them once more.
    const sequence = words.find(({ isKnown }) => !isKnown)?.sequence ?? 0;
    const newestMs = Math.min(...fresh.map(({ ageMs }) => ageMs));

    function want(tags: ReadonlySet<string>, ageMs: number): void {
      queue.want(tags, heardAt, sequence, ageMs);
      if (tags.size > 0) wanted();
    }

    /** Without the store, which knows groups and the tree, the products themselves were wanted already. */
    async function ask(touched: Touched): Promise<void> {
      try {
        want(await within(askMs, askedTags(touched, edge.names, readModel)), newestMs);
      } catch (error) {
        journal.warn(
          { err: error },
          "who else shows what changed could not be read: it ends by its lifetime",
        );
      }
    }

    async function readGap(unnamed: readonly UnnamedEvents[]): Promise<void> {
      const span = spanOf(unnamed);
      if (!mayRead(span)) {
        record.unread(span, clock());
        return;
      }
      try {
        const touched = await readUnnamed(log, unnamed);
        want(ownTags(touched, edge.names), newestMs);
        await ask(touched);
      } catch (error) {
        journal.warn({ err: error }, "what no word named could not be read: it ends by its lifetime");
        record.unread(span, clock());
      }
    }

    const named = untouched();
    for (const { change, ageMs } of fresh) {
      const touched = touchedByWord(change, edge.shown);
      want(ownTags(touched, edge.names), ageMs);
      mergeTouched(named, touched);
    }
    await ask(named);
    const furthest = Math.max(
      0,
      ...changes.flatMap(({ change }) => change.moves.map(({ to }) => sequenceOf(to))),
    );
    if (!(await isReached(furthest))) return fresh.length > 0;
    const unnamed = changes.flatMap(({ change, isKnown }) => {
      const left = chain.follow(change, end) ?? [];
      return isKnown ? [] : left;
    });
    if (unnamed.length > 0) await readGap(unnamed);
    return fresh.length > 0;
  };
}

/** Rejects after that many milliseconds; what comes later is nobody's. */
function within<Value>(ms: number, promise: Promise<Value>): Promise<Value> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`nothing came in ${ms} ms`)), ms);
  return Promise.race([promise, late.promise]).finally(() => clearTimeout(timer));
}
