import type { Heat } from "../../actors/hot/heat-word.ts";
import { seededHashOf } from "../key-table.ts";
import { createLeast } from "./least.ts";
import { createPlaces, nowhere } from "./places.ts";

/**
 * How often keys were read lately, in memory that does not grow, however many keys there are.
 *
 * The keys: Space-Saving (Metwally, Agrawal, El Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data
 * Streams", ICDT 2005). A new key takes the slot of the coolest one, and its count. That count is only for staying: what
 * is told of a key is what it was read since it took the slot. That is never more than it was read, and less by
 * no more than all reads together divided by the slots; a key that is read more often than that has a slot.
 *
 * Lately: exponential forward decay (Cormode, Shkapenyuk, Srivastava, Xu, "Forward Decay", ICDE 2009). Older reads do
 * not lose weight, newer ones weigh more, so that nothing is touched by the passage of time and no slot overtakes another
 * by it. Now and then all is divided by a power of two.
 *
 * Not by one reader alone: each slot votes on who reads most (Boyer and Moore, "MJRTY", 1981), with the same weights. Reads of
 * two readers cancel each other out in pairs, and what is left over is one reader's; a slot's heat is what was cancelled.
 * If the keenest reader has the weight F of n, that is at least n - F and at most 2 (n - F): nothing for one reader
 * alone, all of n where two read in turn.
 *
 * The coolest slot is found by a lazy heap (`least.ts`). The buckets of equal counts of the paper would hold one slot
 * each, since counts with decay are hardly ever equal. A read of a known key touches no heap.
 *
 * Measured by `bench/cases/counting.ts` on a machine that is busy otherwise: 0.35 µs of processor for a read by Zipf's law over
 * 100,000 products, four in ten of them new to the slots, the clock included; a `Map` that counts takes 0.5.
 */
export interface HeatCounter {
  /**
   * One read, by a reader of whom 32 bits are known. `now`: milliseconds that do not go back, of which the whole ones
   * count. `hash`: `seededHashOf(key)`, for who knows it. O(1); for a new key O(log capacity), spread over all reads.
   */
  add(key: string, reader: number, now: number, hash?: number): void;
  /** Those of at least so many reads a second, the hottest first. O(capacity). */
  hottest(now: number, leastPerSecond: number, max: number): readonly Heat[];
}

/** A key with its `seededHashOf`, for keys that come with many reads. */
export interface Counted {
  readonly key: string;
  readonly keyHash: number;
}

export const countedBy = (key: string): Counted => ({ key, keyHash: seededHashOf(key) });

export interface HeatCounterOptions {
  /** Slots, about 150 bytes each with their keys. */
  readonly capacity: number;
  /** After so many milliseconds a read counts half. */
  readonly halfLifeMs: number;
  /** Whether reads of one reader alone count. */
  readonly countsAlone: boolean;
  readonly rising?: Rising;
}

/** What is called a steep rise. A key that had no slot was at nothing. */
export interface Rising {
  /** Compared with how it stood so long ago, or up to twice that. */
  readonly withinMs: number;
  /** To so many times the reads a second that it had, and so many more. */
  readonly times: number;
  readonly morePerSecond: number;
  /** Called at each read of such a key. */
  readonly rose: () => void;
}

/** Far from where a double ends, at 1,023. */
const halfLivesMax = 512;

export function createHeatCounter(options: HeatCounterOptions): HeatCounter {
  const { capacity, halfLifeMs, countsAlone, rising } = options;
  /** By slot. One that nobody has taken has no key, and no read ever has that one. */
  const keys = Array.from({ length: capacity }).fill("") as string[];
  const hashes = new Int32Array(capacity);
  const places = createPlaces(capacity);
  /** What decides who stays: with what was taken over. */
  const counts = new Float64Array(capacity);
  /** Since the key took the slot. */
  const own = new Float64Array(capacity);
  /** Of `own`, what is left to the last reader once others are cancelled out. */
  const surplus = new Float64Array(capacity);
  const readers = new Uint32Array(capacity);
  /** What a key has to rise above: of some time ago, and what will stand for that next. */
  const bases = new Float64Array(capacity);
  const nextBases = new Float64Array(capacity);
  const coolest = createLeast(counts);

  let moment = 0;
  /** When a read weighed 1. */
  let landmark = 0;
  let weight = 1;
  /** Reads a second for a weight at this moment: a steady rate r has the weight r * halfLife / ln 2. */
  let perSecond = 0;
  let moreWeight = Number.POSITIVE_INFINITY;
  let basedAt = 0;
  reach(0);

  function reach(to: number): void {
    moment = to;
    const halfLives = (to - landmark) / halfLifeMs;
    if (halfLives > halfLivesMax) rebase(Math.floor(halfLives));
    weight = 2 ** ((to - landmark) / halfLifeMs);
    perSecond = (1_000 * Math.LN2) / (halfLifeMs * weight);
    if (rising === undefined) return;
    moreWeight = rising.morePerSecond / perSecond;
    if (to - basedAt >= rising.withinMs) base(to, rising);
  }

  /** Costs a microsecond for 1,000 slots. */
  function base(to: number, { times, withinMs }: Rising): void {
    const wasSilent = to - basedAt >= 2 * withinMs;
    basedAt = to;
    bases.set(nextBases);
    for (let at = 0; at < capacity; at++)
      nextBases[at] = times * ((own[at] as number) - (surplus[at] as number));
    if (wasSilent) bases.set(nextBases);
  }

  /** By a power of two, which changes no digit of anything. */
  function rebase(halfLives: number): void {
    landmark += halfLives * halfLifeMs;
    const factor = 2 ** -halfLives;
    for (const values of [counts, own, surplus, bases, nextBases])
      for (let at = 0; at < capacity; at++) values[at] = (values[at] as number) * factor;
    coolest.scale(factor);
  }

  function find(key: string, hash: number): number {
    let at = places.first(hash);
    while (at !== nowhere && !(hashes[at] === hash && keys[at] === key)) at = places.next(at);
    return at;
  }

  function take(key: string, hash: number): number {
    const at = coolest.find();
    if (keys[at] !== "") places.delete(hashes[at] as number, at);
    keys[at] = key;
    hashes[at] = hash;
    places.add(hash, at);
    own[at] = 0;
    surplus[at] = 0;
    bases[at] = 0;
    nextBases[at] = 0;
    return at;
  }

  function vote(at: number, reader: number): void {
    const standing = surplus[at] as number;
    if (readers[at] === reader) {
      surplus[at] = standing + weight;
    } else if (standing >= weight) {
      surplus[at] = standing - weight;
    } else {
      readers[at] = reader;
      surplus[at] = weight - standing;
    }
  }

  return {
    add(key, reader, now, hash = seededHashOf(key)) {
      const whole = Math.floor(now);
      if (whole !== moment) reach(whole);
      const found = find(key, hash);
      const at = found === nowhere ? take(key, hash) : found;
      counts[at] = (counts[at] as number) + weight;
      own[at] = (own[at] as number) + weight;
      if (!countsAlone) vote(at, reader);
      if ((own[at] as number) - (surplus[at] as number) >= (bases[at] as number) + moreWeight) rising?.rose();
    },
    hottest(now, leastPerSecond, max) {
      reach(Math.floor(now));
      const hot: Heat[] = [];
      for (let at = 0; at < capacity; at++) {
        const rate = ((own[at] as number) - (surplus[at] as number)) * perSecond;
        if (rate >= leastPerSecond && rate > 0) hot.push({ key: keys[at] as string, perSecond: rate });
      }
      return hot.sort((a, b) => b.perSecond - a.perSecond || (a.key < b.key ? -1 : 1)).slice(0, max);
    },
  };
}
