/**
 * What waits to be purged: each tag once, the oldest wish first, and from where in the stream of words it came, so that
 * no word counts as acted on before all that it asked for was purged or had expired.
 *
 * Pure: times are passed in, in milliseconds of one clock.
 */
export interface PurgeQueue {
  /** Tags that wait or are being purged. */
  readonly size: number;
  /** `at`: when the change was told. A tag that waits already keeps its older wish. Sequences must not fall. */
  want(tags: Iterable<string>, at: number, sequence: number): void;
  /** When the oldest wish was made; undefined where there is none. */
  oldestAt(): number | undefined;
  /** When the next batch may leave; undefined while one is under way or nothing waits. */
  dueAt(): number | undefined;
  /**
   * The next batch, which is under way from now on. A tag that is wanted meanwhile waits for another purge, since this
   * one may have come too early for it.
   */
  take(now: number, limits: BatchLimits): readonly string[];
  /** What became of the batch under way. One that failed waits again, in its old place. */
  settle(outcome: "purged" | "failed"): void;
  /** Drops what nobody can hold any more. Returns how many tags; those under way are not among them. */
  expire(now: number): number;
  /** The first word that is not acted on; undefined where all are. */
  firstWanted(): number | undefined;
}

export interface BatchLimits {
  readonly tagsPerCall: number;
  readonly tagBytesPerCall: number;
}

export interface QueueTimes {
  /** How long a wish waits for others, and for gateways to have heard of the change. */
  readonly windowMs: number;
  /** For how long an edge may hold anything that a change makes wrong. */
  readonly lifetimeMs: number;
}

interface Wish {
  readonly at: number;
  readonly sequence: number;
}

export function createPurgeQueue({ windowMs, lifetimeMs }: QueueTimes): PurgeQueue {
  /** In the order of their sequences. */
  let waiting = new Map<string, Wish>();
  let underWay = new Map<string, Wish>();

  const first = (wishes: ReadonlyMap<string, Wish>): Wish | undefined => wishes.values().next().value;

  return {
    get size() {
      return waiting.size + underWay.size;
    },
    want(tags, at, sequence) {
      for (const tag of tags) if (!waiting.has(tag)) waiting.set(tag, { at, sequence });
    },
    oldestAt() {
      const moments = [first(underWay), first(waiting)].flatMap((wish) => wish?.at ?? []);
      return moments.length === 0 ? undefined : Math.min(...moments);
    },
    dueAt() {
      const oldest = first(waiting);
      return oldest === undefined || underWay.size > 0 ? undefined : oldest.at + windowMs;
    },
    take(now, { tagsPerCall, tagBytesPerCall }) {
      let bytes = 0;
      for (const [tag, wish] of waiting) {
        bytes += tag.length + 1;
        if (wish.at + windowMs > now || underWay.size === tagsPerCall) break;
        if (bytes > tagBytesPerCall && underWay.size > 0) break;
        underWay.set(tag, wish);
      }
      for (const tag of underWay.keys()) waiting.delete(tag);
      return [...underWay.keys()];
    },
    settle(outcome) {
      if (outcome === "failed") {
        for (const [tag, wish] of waiting) if (!underWay.has(tag)) underWay.set(tag, wish);
        waiting = underWay;
      }
      underWay = new Map();
    },
    expire(now) {
      let expired = 0;
      for (const [tag, { at }] of waiting) {
        if (at + lifetimeMs > now) break;
        waiting.delete(tag);
        expired++;
      }
      return expired;
    },
    firstWanted() {
      const sequences = [first(underWay), first(waiting)].flatMap((wish) => wish?.sequence ?? []);
      return sequences.length === 0 ? undefined : Math.min(...sequences);
    },
  };
}
