import { setTimeout as delay } from "node:timers/promises";
import { type Category, evolveCategory } from "../projections/categories.ts";
import { decodeEvent, isBad } from "../streams/events.ts";
import { type Identifier, tokenOf } from "../streams/identifier.ts";
import type { Journal } from "../streams/journal.ts";
import { type Log, LogUnavailable, LogVanished, type ReadFrom } from "../streams/log.ts";
import { storedSubject } from "../streams/subjects.ts";
import { createSlots } from "../streams/slots.ts";
import { readDerived } from "../projections/derived.ts";
import type { Inventory } from "../projections/inventory.ts";
import { createLogReader } from "../projections/log-reader.ts";
import type { Price } from "../projections/price.ts";
import type { ProductRead, ReadModel, RegisterPut, Versioned } from "../projections/read-model.ts";
import type { Reviews } from "../projections/reviews.ts";
import { createSaleFence } from "../projections/sale-fence.ts";
import type { ProductSales } from "../projections/sales.ts";
import { sameLineage, sequenceOf, type Versions } from "../projections/version.ts";
import { Problem } from "./problems.ts";
import type { ProductState } from "./views.ts";

/**
 * Reading a product through the tiers: Redis while its partition is known to be true, the log for what is
 * missing there or may be too old, and what Redis holds, marked as degraded, when the log is away as well.
 */
export interface CatalogReader {
  /** Undefined for each identifier that no product has. Throws a 503 problem when no tier can answer. */
  read(ids: readonly Identifier[], options: ReadOptions): Promise<readonly (Found | undefined)[]>;
  reviews(
    id: Identifier,
    options: ReadOptions,
  ): Promise<{ readonly reviews: Reviews | undefined; readonly degraded: boolean }>;
  /** From the leader of the log, past every cache. */
  strongPrice(
    id: Identifier,
  ): Promise<{ readonly price: Price | undefined; readonly sales: ProductSales | undefined }>;
  strongInventory(id: Identifier): Promise<Inventory | undefined>;
  strongExists(id: Identifier): Promise<boolean>;
  /** A category from its last event alone, for while the tree is being made again. */
  category(id: Identifier): Promise<Category | undefined>;
}

export interface ReadOptions {
  /** How old the answer may be, in milliseconds since the read models were known to equal the log. */
  readonly freshnessMs: number;
  /** A position of the log up to which everything about these products must be included. */
  readonly minSequence?: number | undefined;
}

export interface Found {
  readonly state: ProductState;
  readonly source: "redis" | "log" | "stale";
  /** Everything about the product up to this sequence is included. */
  readonly sequence: number;
  /** When the answer was last known to equal the log. */
  readonly knownAt: number;
}

export interface CatalogReaderOptions {
  readonly catalog: Log;
  readonly derived: Log;
  readonly readModel: ReadModel;
  readonly versions: Versions;
  readonly now: () => number;
  /** Waits that many milliseconds, by the same clock as `now`. */
  readonly sleep?: (ms: number) => Promise<unknown>;
  readonly journal: Journal;
}

const logReadsInFlightMax = 32;

export function createCatalogReader(options: CatalogReaderOptions): CatalogReader {
  const { catalog, derived, readModel, versions, now, journal, sleep = delay } = options;
  const log = createLogReader(catalog, derived);
  const fence = createSaleFence(catalog, derived);
  const slots = createSlots(logReadsInFlightMax);

  async function fromRedis(ids: readonly Identifier[]): Promise<readonly (ProductRead | undefined)[]> {
    try {
      return await readModel.readProducts(ids);
    } catch (error) {
      journal.warn({ err: error }, "the read models did not answer");
      return ids.map(() => undefined);
    }
  }

  /** What Redis has may be served as it is: its partition was at the head of the log recently enough. */
  function trusted(read: ProductRead, { freshnessMs, minSequence = 0 }: ReadOptions): boolean {
    const { position } = read;
    if (position === undefined || !sameLineage(position.version, versions(0))) return false;
    return now() - position.headAt <= freshnessMs && sequenceOf(position.version) >= minSequence;
  }

  /** Puts what the log said into Redis, unless something newer came meanwhile. */
  function refill(
    id: Identifier,
    registers: Partial<Omit<ProductRead, "position" | "rating" | "sales">>,
  ): void {
    const puts: RegisterPut[] = [];
    for (const register of ["product", "price", "inventory"] as const) {
      const found = registers[register];
      if (found !== undefined) puts.push({ id, register, ...found } as RegisterPut);
    }
    readModel
      .putRegisters(puts)
      .catch((error) => journal.debug({ err: error, id }, "a miss could not be filled"));
  }

  async function register<Name extends "product" | "price" | "inventory">(
    name: Name,
    id: Identifier,
    from: ReadFrom = "any",
  ): Promise<NonNullable<ProductRead[Name]>> {
    const value = await log.read(name, id, from);
    return { version: versions(value?.sequence ?? 0), value: value ?? null } as NonNullable<
      ProductRead[Name]
    >;
  }

  /** Whole registers that are absent in Redis; its rating and sales stand, since those are never evicted. */
  async function complete(id: Identifier, read: ProductRead): Promise<Found | undefined> {
    const [product, price, inventory] = await Promise.all([
      read.product ?? slots.run(() => register("product", id)),
      read.price ?? slots.run(() => register("price", id)),
      read.inventory ?? slots.run(() => register("inventory", id)),
    ]);
    refill(id, {
      ...(read.product === undefined && product.value !== null && { product }),
      ...(read.price === undefined && product.value !== null && { price }),
      ...(read.inventory === undefined && product.value !== null && { inventory }),
    });
    return found(id, { ...read, product, price, inventory }, "log");
  }

  /**
   * Everything about a product from the log. Rating and sales may be newer in what Redis had, because the
   * derived stream is written behind. A reader who names a position is answered by the leader.
   */
  async function fromLog(
    id: Identifier,
    read: ProductRead | undefined,
    { minSequence }: ReadOptions,
  ): Promise<Found | undefined> {
    const from = minSequence === undefined ? "any" : "leader";
    const [product, price, inventory, reviews, derivedSales] = await Promise.all([
      slots.run(() => register("product", id, from)),
      slots.run(() => register("price", id, from)),
      slots.run(() => register("inventory", id, from)),
      slots.run(() => readDerived(derived, "reviews", id, from)),
      slots.run(() => (minSequence === undefined ? readDerived(derived, "sales", id) : fence.salesOf(id))),
    ]);
    const rating = newer(read?.rating, reviews?.rating);
    const sales = newer(read?.sales, derivedSales);
    if (product.value !== null) refill(id, { product, price, inventory });
    const whole = found(id, { position: undefined, product, price, inventory, rating, sales }, "log");
    return whole && { ...whole, sequence: Math.max(whole.sequence, minSequence ?? 0) };
  }

  function found(id: Identifier, read: ProductRead, source: Found["source"]): Found | undefined {
    const { product, price, inventory, rating, sales, position } = read;
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
    const newest = Math.max(
      state.details.sequence,
      state.price?.sequence ?? 0,
      state.inventory?.sequence ?? 0,
      rating?.sequence ?? 0,
      sales?.sequence ?? 0,
    );
    return {
      state,
      source,
      sequence: position === undefined ? newest : sequenceOf(position.version),
      knownAt: position === undefined || source === "log" ? now() : position.headAt,
    };
  }

  async function readOne(
    id: Identifier,
    read: ProductRead | undefined,
    wanted: ReadOptions,
  ): Promise<Found | undefined> {
    try {
      if (read === undefined || !trusted(read, wanted)) return await fromLog(id, read, wanted);
      const whole = read.product !== undefined && read.price !== undefined && read.inventory !== undefined;
      return whole ? found(id, read, "redis") : await complete(id, read);
    } catch (error) {
      if (!isAway(error)) throw error;
      const stale = read?.product === undefined ? undefined : found(id, read, "stale");
      if (stale !== undefined && stale.sequence >= (wanted.minSequence ?? 0)) return stale;
      throw new Problem(
        "unavailable",
        "neither the read models nor the log can be reached; try again shortly",
        [],
        {
          cause: error,
        },
      );
    }
  }

  /** Waits until the partitions have come to `minSequence`, one second at most; then the log is asked. */
  async function readWaiting(ids: readonly Identifier[], wanted: ReadOptions) {
    const until = now() + 1_000;
    for (;;) {
      const reads = await fromRedis(ids);
      const behind = reads.some(
        (read) =>
          read?.position !== undefined && sequenceOf(read.position.version) < (wanted.minSequence ?? 0),
      );
      if (!behind || now() >= until) return reads;
      await sleep(5);
    }
  }

  async function strong<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await slots.run(read);
    } catch (error) {
      if (!isAway(error)) throw error;
      throw new Problem("unavailable", "the log's leader does not answer; try again shortly", [], {
        cause: error,
      });
    }
  }

  return {
    async read(ids, wanted) {
      const reads = await readWaiting(ids, wanted);
      return Promise.all(ids.map((id, at) => readOne(id, reads[at], wanted)));
    },

    async reviews(id, wanted) {
      // The position first, or it could promise more than the list holds.
      const [read] = await fromRedis([id]);
      const stored = await readModel.readReviews([id]).catch(() => [undefined]);
      if (stored[0] !== undefined && read !== undefined && trusted(read, wanted)) {
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

    category: (id) =>
      strong(async () => {
        const message = await catalog.last(storedSubject("category.modified", tokenOf(id)));
        const event = message && decodeEvent(message);
        if (event === undefined || isBad(event) || event.kind !== "category.modified") return undefined;
        return evolveCategory(undefined, event);
      }),
    strongPrice: (id) =>
      strong(async () => {
        const [price, sales] = await Promise.all([log.read("price", id, "leader"), fence.salesOf(id)]);
        return { price, sales };
      }),
    strongInventory: (id) => strong(() => log.read("inventory", id, "leader")),
    strongExists: (id) => strong(async () => (await log.read("product", id, "leader")) !== undefined),
  };
}

/** The one that stands for a later place in the log. */
function newer<T extends { readonly sequence: number }>(a: T | undefined, b: T | undefined): T | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.sequence > b.sequence ? a : b;
}

function isAway(error: unknown): boolean {
  return error instanceof LogUnavailable || error instanceof LogVanished;
}
