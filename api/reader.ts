import { setTimeout as delay } from "node:timers/promises";
import { type Identifier, tokenOf } from "../streams/identifier.ts";
import type { Journal } from "../streams/journal.ts";
import type { Log } from "../streams/log.ts";
import { partitionOf } from "../streams/partition.ts";
import type { Slots } from "../streams/slots.ts";
import { currentOf } from "../projections/current.ts";
import { readDerived } from "../projections/derived.ts";
import type { ProductRead, ReadModel, RegisterPut, Stamp, Versioned } from "../projections/read-model.ts";
import type { Reviews } from "../projections/reviews.ts";
import type { LoadClaims } from "../projections/load-claims.ts";
import { sameLog, sequenceOf, type Versions } from "../projections/version.ts";
import { Problem } from "./problems.ts";
import { createReadCounters, type ReadCounters } from "./read-counters.ts";
import { asOfNow, dueSequence, type ReadOptions } from "./read-options.ts";
import { createSharedLoads, type Loaded } from "./shared-loads.ts";
import type { Source } from "./sources.ts";
import { createProductFromLog, LogBusy, newestIn } from "./product-from-log.ts";
import { createStrongReads, isAway, type StrongReads } from "./strong-reads.ts";
import type { ProductState } from "./views.ts";

/**
 * Reading a product through the tiers: Redis while its partition is known to be true, the log for what is
 * missing there or may be too old, and what Redis holds, marked as degraded, when the log is away as well.
 */
export interface CatalogReader extends StrongReads {
  /** Undefined for each identifier that no product has. Throws a 503 problem when no tier can answer. */
  read(ids: readonly Identifier[], options: ReadOptions): Promise<readonly (Found | undefined)[]>;
  reviews(
    id: Identifier,
    options: ReadOptions,
  ): Promise<{ readonly reviews: Reviews | undefined; readonly degraded: boolean }>;
  readonly counters: Readonly<ReadCounters>;
}

export interface Found {
  readonly state: ProductState;
  readonly source: Exclude<Source, "memory" | "default">;
  /** Everything about the product up to this sequence is included. */
  readonly sequence: number;
  /** The newest event about the product that is shown. */
  readonly newest: number;
  /** When the answer was last known to equal the log. */
  readonly knownAt: number;
  /** What it stands for in the read models, where all of it came from there. */
  readonly stamp?: Stamp | undefined;
}

export interface CatalogReaderOptions {
  readonly catalog: Log;
  readonly derived: Log;
  /** Bounds the reads of the log that are under way. */
  readonly slots: Slots;
  readonly readModel: ReadModel;
  readonly claims: LoadClaims;
  readonly versions: Versions;
  readonly now: () => number;
  /** Waits that many milliseconds, by the same clock as `now`. */
  readonly sleep?: (ms: number) => Promise<unknown>;
  readonly journal: Journal;
}

const waitMs = 1_000;
const absentMs = 5_000;
/** Loads from the log before a product's own: a third of a second's work. */
const logQueueMaxOfOne = 128;
const logQueueMaxOfNamed = 1_024;
/** An owner at work says at least once a second that its partitions are at the head, unless it is far behind. */
const idleOwnerMs = 3_000;

export function createCatalogReader(options: CatalogReaderOptions): CatalogReader {
  const { catalog, derived, slots, readModel, claims, versions, now, journal, sleep = delay } = options;
  const log = createProductFromLog(catalog, derived, versions, slots);
  const counters = createReadCounters();
  const loads = createSharedLoads({ claims, counters, now, sleep });

  async function fromRedis(ids: readonly Identifier[]): Promise<readonly (ProductRead | undefined)[]> {
    try {
      return (await readModel.readProducts(ids)).map((read) => currentOf(read, versions));
    } catch (error) {
      journal.debug({ err: error }, "the read models did not answer");
      return ids.map(() => undefined);
    }
  }

  /** What Redis has may be served as it is: its partition was at the head of the log recently enough. */
  function trusted(id: Identifier, read: ProductRead, wanted: ReadOptions): boolean {
    const sequence = sequenceIn(read);
    if (sequence === undefined || read.position === undefined) return false;
    return now() - read.position.headAt <= wanted.freshnessMs && sequence >= dueSequence(wanted, id);
  }

  /** That there is no such product is believed for less long than what is there. */
  const isFresh = ({ position }: ProductRead) => now() - (position?.headAt ?? 0) <= absentMs;

  /** The position in Redis, if it is one of this log. */
  function sequenceIn(read: ProductRead | undefined): number | undefined {
    const version = read?.position?.version;
    return version !== undefined && sameLog(version, versions(0)) ? sequenceOf(version) : undefined;
  }

  /** Puts what the leader said where Redis had nothing; not what is ahead of it, since Redis may lack a sale before that. */
  async function refill(id: Identifier, before: ProductRead, found: ProductRead): Promise<void> {
    if (found.product?.value == null) return;
    const puts: RegisterPut[] = [];
    for (const register of ["product", "price", "inventory"] as const) {
      const isAhead = (found[register]?.value?.sequence ?? 0) > (sequenceIn(before) ?? 0);
      if (before[register] === undefined && !isAhead)
        puts.push({ id, register, ...found[register] } as RegisterPut);
    }
    const fenced = { partition: partitionOf(tokenOf(id)), position: before.position?.version };
    await readModel
      .refillRegisters(fenced, puts)
      .catch((error) => journal.debug({ err: error, id }, "a miss could not be filled"));
  }

  /**
   * Registers that are absent in Redis are read; its rating and sales stand, since those are never evicted. Where one of
   * them is newer than that, something else may have happened before it: then all of it is read.
   */
  async function complete(id: Identifier, read: ProductRead, wanted: ReadOptions): Promise<Loaded> {
    counters.logParts++;
    const [product, price, inventory] = await Promise.all([
      read.product ?? log.register("product", id),
      read.price ?? log.register("price", id),
      read.inventory ?? log.register("inventory", id),
    ]);
    const sequence = sequenceIn(read) ?? 0;
    const isAhead = (before: unknown, { value }: Versioned<{ readonly sequence: number }>) =>
      before === undefined && (value?.sequence ?? 0) > sequence;
    if (isAhead(read.product, product) || isAhead(read.price, price) || isAhead(read.inventory, inventory))
      return fromLog(id, read, wanted);
    const completed = { ...read, product, price, inventory };
    void refill(id, read, completed);
    const knownAt = read.position?.headAt ?? 0;
    return { found: found(id, completed, "log", sequence, knownAt) ?? null, sequence, knownAt };
  }

  const dueOf = (id: Identifier, read: ProductRead | undefined, wanted: ReadOptions) =>
    Math.max(dueSequence(wanted, id), sequenceIn(read) ?? 0);

  /** Everything about a product from the log: whole up to the newest event in it, or to the position asked for. */
  async function fromLog(
    id: Identifier,
    read: ProductRead | undefined,
    { minSequence = 0, knownSequence }: ReadOptions,
  ): Promise<Loaded> {
    counters.logWhole++;
    const knownAt = now();
    const floor = Math.max(knownSequence?.(id) ?? 0, sequenceIn(read) ?? 0);
    const { product, sequence } = await log.whole(id, read, floor, minSequence);
    if (read !== undefined) void refill(id, read, product);
    return { found: found(id, product, "log", sequence, knownAt) ?? null, sequence, knownAt };
  }

  function found(
    id: Identifier,
    read: ProductRead,
    source: Found["source"],
    sequence: number,
    knownAt = read.position?.headAt ?? 0,
  ): Found | undefined {
    const { product, price, inventory, rating, sales } = read;
    if (product?.value == null) return undefined;
    const value = <T>(versioned: Versioned<T> | undefined) => versioned?.value ?? undefined;
    const state: ProductState = {
      id,
      details: product.value,
      price: value(price),
      sales,
      inventory: value(inventory),
      rating,
    };
    const stamp = source === "redis" ? read.stamp : undefined;
    return { state, source, sequence, newest: newestIn(read), knownAt, stamp };
  }

  /** Who names a position that Redis has not reached has no other tier, and waits behind more. */
  function assertLogHasTime(read: ProductRead | undefined, wanted: ReadOptions): void {
    const { minSequence = 0, logQueueMax = logQueueMaxOfOne } = wanted;
    const isMet = minSequence <= (sequenceIn(read) ?? 0);
    if (slots.waiting >= (isMet ? logQueueMax : logQueueMaxOfNamed))
      throw new LogBusy(`${slots.waiting} loads from the log wait before this one`);
  }

  async function readOne(
    id: Identifier,
    read: ProductRead | undefined,
    wanted: ReadOptions,
  ): Promise<Found | undefined> {
    try {
      const isTrusted = read !== undefined && trusted(id, read, wanted);
      if (isTrusted && isWhole(read)) {
        counters.redis++;
        return found(id, read, "redis", sequenceIn(read) ?? 0);
      }
      if (isTrusted && read.exists === false && isFresh(read)) {
        counters.redis++;
        return undefined;
      }
      assertLogHasTime(read, wanted);
      const due = dueOf(id, read, wanted);
      const { freshnessMs } = wanted;
      return await loads.run(id, { due, freshnessMs, inCluster: read !== undefined }, () =>
        isTrusted ? complete(id, read, wanted) : fromLog(id, read, wanted),
      );
    } catch (error) {
      if (!isAway(error)) throw error;
      counters.stale++;
      return readWithoutLeader(id, read, wanted, error);
    }
  }

  /**
   * What Redis holds, however old. Where it holds only a part, what any replica has: of that nothing is
   * promised, so it is no answer for a reader who names a position. Redis is asked first because a replica may
   * show what Redis will not know for a while, and the next answer would go back. It is asked anew: while the
   * log did not answer, the projector may have come to what the reader names.
   */
  async function readWithoutLeader(
    id: Identifier,
    before: ProductRead | undefined,
    wanted: ReadOptions,
    cause: unknown,
  ): Promise<Found | undefined> {
    const { minSequence = 0 } = wanted;
    const [anew] = await fromRedis([id]);
    const read = anew ?? before;
    const sequence = sequenceIn(read) ?? 0;
    if (read !== undefined && isWhole(read) && sequence >= minSequence)
      return found(id, read, "stale", sequence);
    // A replica's parts are of different moments where the log goes on.
    if (minSequence === 0 && !(cause instanceof LogBusy)) {
      try {
        const some = found(id, await log.fromAnyReplica(id, read), "stale", 0);
        // A replica that has not heard of it yet does not make it unknown.
        if (some !== undefined) return some;
      } catch (error) {
        if (!isAway(error)) throw error;
        if (read?.product !== undefined) return found(id, read, "stale", 0);
      }
    }
    const detail = "neither the read models nor the log can be reached; try again shortly";
    throw new Problem("unavailable", detail, [], { cause });
  }

  /**
   * Waits until the partitions have come to what is due, one second at most; then the log is asked. For partitions
   * whose owner stands still nobody waits.
   */
  async function readWaiting(ids: readonly Identifier[], wanted: ReadOptions) {
    if (wanted.stored === "away") return ids.map(() => undefined);
    const until = now() + waitMs;
    for (;;) {
      const reads = await fromRedis(ids);
      const behind = reads.some(
        (read, at) =>
          read?.position !== undefined &&
          sequenceOf(read.position.version) < dueSequence(wanted, ids[at] as Identifier) &&
          now() - read.position.headAt <= idleOwnerMs,
      );
      if (!behind || now() >= until) return reads;
      await sleep(5);
    }
  }

  return {
    async read(ids, options) {
      const wanted = asOfNow(ids, options);
      const reads = await readWaiting(ids, wanted);
      return Promise.all(ids.map((id, at) => readOne(id, reads[at], wanted)));
    },

    async reviews(id, wanted) {
      // The position first, or it could promise more than the list holds.
      const [read] = await fromRedis([id]);
      const stored = await readModel.readReviews([id]).catch(() => [undefined]);
      if (stored[0] !== undefined && read !== undefined && trusted(id, read, wanted)) {
        return { reviews: stored[0].value ?? undefined, degraded: false };
      }
      try {
        const reviews = await slots.run(() => readDerived(derived, "reviews", id));
        return {
          reviews: reviews && { newest: reviews.newest, sequence: reviews.sequence },
          degraded: false,
        };
      } catch (error) {
        if (!isAway(error)) throw error;
        return { reviews: stored[0]?.value ?? undefined, degraded: true };
      }
    },

    counters,
    ...createStrongReads(catalog, derived, log, slots),
  };
}

function isWhole({ product, price, inventory }: ProductRead): boolean {
  return product !== undefined && price !== undefined && inventory !== undefined;
}
