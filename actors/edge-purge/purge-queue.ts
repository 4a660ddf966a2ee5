/**
 * What waits to be purged: each tag once, the oldest wish first, and from where in the stream of words it came, so that
 * no word counts as acted on before all that it asked for was purged or had expired.
 *
 * Pure: times are passed in, in milliseconds of one clock that never goes back.
 */
export interface PurgeQueue {
  /** Tags that wait or are being purged. */
  readonly size: number;
  /**
   * `at`: when the change was heard of, and `ageMs`: how long before that it was told. A tag that waits already keeps its
   * older wish. Sequences must not fall.
   */
  want(tags: Iterable<string>, at: number, sequence: number, ageMs?: number): void;
  /** When the change of the oldest wish was told; undefined where there is none. */
  oldestAt(): number | undefined;
  /** When it was heard of. */
  waitsSince(): number | undefined;
  /** When the next batch may leave; undefined while one is under way or nothing waits. */
  dueAt(): number | undefined;
  /**
   * The next batch, which is under way from now on. A tag that is wanted meanwhile, or was wanted within the window,
   * waits for another purge, since this one may have come too early for it.
   */
  take(now: number, limits: BatchLimits): readonly string[];
  /**
   * What became of the batch under way. One that failed waits again, in its old place. What was purged is due once more
   * after `againAfterMs`, where it is not wanted before; no word waits for that.
   */
  settle(outcome: "purged" | "failed", now: number): void;
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
  /** `ProviderLimits.againAfterMs`. */
  readonly againAfterMs: number;
}

interface Wish {
  /** When it was heard of, from which it waits, and when it was told, from which it ages. */
  readonly at: number;
  readonly toldAt: number;
  readonly sequence: number;
}

/** Of one tag: the first that is not purged yet, and the last. */
interface Wishes {
  readonly first: Wish;
  readonly last: Wish;
}

const inOrder = (all: readonly (readonly [string, Wishes])[]) =>
  new Map(all.toSorted(([, a], [, b]) => a.first.sequence - b.first.sequence));

export function createPurgeQueue({ windowMs, lifetimeMs, againAfterMs }: QueueTimes): PurgeQueue {
  /** In the order of their sequences. */
  let waiting = new Map<string, Wishes>();
  let underWay = new Map<string, Wishes>();

  /** Tags that were purged, in the order in which they are due once more. */
  const again = new Map<string, number>();
  let againUnderWay = new Set<string>();
  const isUnderWay = () => underWay.size + againUnderWay.size > 0;

  /** Until then what becomes due gathers, so that steady changes are few calls. */
  let gathersUntil = Number.NEGATIVE_INFINITY;

  /** In the order of their first sequences. */
  const firstOf = (all: ReadonlyMap<string, Wishes>): Wish | undefined => all.values().next().value?.first;
  const firsts = () => [firstOf(underWay), firstOf(waiting)].filter((wish) => wish !== undefined);

  return {
    get size() {
      return waiting.size + underWay.size;
    },
    want(tags, at, sequence, ageMs = 0) {
      const last = { at, toldAt: at - ageMs, sequence };
      for (const tag of tags) waiting.set(tag, { first: waiting.get(tag)?.first ?? last, last });
    },
    oldestAt() {
      const oldest = firsts();
      return oldest.length === 0 ? undefined : Math.min(...oldest.map(({ toldAt }) => toldAt));
    },
    waitsSince() {
      const oldest = firsts();
      return oldest.length === 0 ? undefined : Math.min(...oldest.map(({ at }) => at));
    },
    dueAt() {
      const oldest = firstOf(waiting);
      const { value: againAt = Infinity } = again.values().next();
      if (isUnderWay() || (oldest === undefined && againAt === Infinity)) return undefined;
      return Math.max(Math.min((oldest?.at ?? Infinity) + windowMs, againAt), gathersUntil);
    },
    take(now, { tagsPerCall, tagBytesPerCall }) {
      let bytes = 0;
      let isAgain = false;
      gathersUntil = now + windowMs;
      for (const [tag, wishes] of waiting) {
        bytes += tag.length + 1;
        if (wishes.first.at + windowMs > now) break;
        if (underWay.size === tagsPerCall || (bytes > tagBytesPerCall && underWay.size > 0)) {
          // The call is full, and the next one follows it.
          gathersUntil = now;
          break;
        }
        underWay.set(tag, wishes);
        again.delete(tag);
      }
      for (const [tag, { last }] of underWay) {
        waiting.delete(tag);
        // This purge may come too early for what was wished a moment ago.
        if (last.at + windowMs <= now) continue;
        waiting.set(tag, { first: last, last });
        isAgain = true;
      }
      if (isAgain) waiting = inOrder([...waiting]);
      let room = tagBytesPerCall - [...underWay.keys()].reduce((sum, tag) => sum + tag.length + 1, 0);
      for (const [tag, dueAt] of again) {
        room -= tag.length + 1;
        const isFirst = !isUnderWay();
        if (dueAt > now || underWay.size + againUnderWay.size === tagsPerCall || (room < 0 && !isFirst))
          break;
        againUnderWay.add(tag);
      }
      for (const tag of againUnderWay) again.delete(tag);
      return [...underWay.keys(), ...againUnderWay];
    },
    settle(outcome, now) {
      if (outcome === "purged" && againAfterMs > 0) {
        for (const tag of underWay.keys()) again.delete(tag);
        for (const tag of underWay.keys()) again.set(tag, now + againAfterMs);
      }
      // Behind a failure they are due a while later, behind what waits for its first purge.
      if (outcome === "failed") for (const tag of againUnderWay) again.set(tag, now + againAfterMs);
      againUnderWay = new Set();
      if (outcome === "failed") {
        for (const [tag, { first, last }] of waiting)
          underWay.set(tag, { first: underWay.get(tag)?.first ?? first, last });
        waiting = underWay;
      }
      underWay = new Map();
    },
    expire(now) {
      for (const [tag, dueAt] of again) {
        if (dueAt + lifetimeMs > now) break;
        again.delete(tag);
      }
      const isOver = ({ toldAt }: Wish) => toldAt + lifetimeMs <= now;
      const oldest = firstOf(waiting);
      if (oldest === undefined || !isOver(oldest)) return 0;
      const size = waiting.size;
      // Of a tag that was wanted again the newest wish goes on alone, in the place that it has among the others.
      const left = [...waiting]
        .filter(([, { last }]) => !isOver(last))
        .map(([tag, { first, last }]) => [tag, { first: isOver(first) ? last : first, last }] as const);
      waiting = inOrder(left);
      return size - left.length;
    },
    firstWanted() {
      const oldest = firsts();
      return oldest.length === 0 ? undefined : Math.min(...oldest.map(({ sequence }) => sequence));
    },
  };
}
