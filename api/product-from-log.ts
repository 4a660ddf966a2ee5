import { readDerived, readDerivedPosition } from "../projections/derived.ts";
import { createLogReader } from "../projections/log-reader.ts";
import type { ProductRead } from "../projections/read-model.ts";
import { createReviewFence } from "../projections/review-fence.ts";
import type { SaleFence } from "../projections/sale-fence.ts";
import type { Versions } from "../projections/version.ts";
import { type Identifier, tokenOf } from "../streams/identifier.ts";
import type { Log, ReadFrom } from "../streams/log.ts";
import { partitionOf } from "../streams/partition.ts";
import type { Slots } from "../streams/slots.ts";

/**
 * A product without the help of Redis: its registers by one get on each exact subject, however many events it
 * has had, rating and sales from the derived stream.
 *
 * An answer says up to where it is whole, so it comes from the leader: a replica may be behind what another
 * reader was shown. Only while there is no leader any replica is asked, and such an answer promises nothing.
 */
export interface ProductFromLog {
  register<Name extends LogRegister>(
    name: Name,
    id: Identifier,
    from?: ReadFrom,
  ): Promise<NonNullable<ProductRead[Name]>>;
  /** As far as the projector came, and its registers as they are now: whole up to `sequence`. */
  projected(
    id: Identifier,
    read: ProductRead | undefined,
  ): Promise<{ readonly product: ProductRead; readonly sequence: number }>;
  /** Whole up to now: what the projector has not seen yet is looked for. */
  whole(id: Identifier, read: ProductRead | undefined): Promise<ProductRead>;
  /** What any replica has, or Redis where that is newer. */
  fromAnyReplica(id: Identifier, read: ProductRead | undefined): Promise<ProductRead>;
}

type LogRegister = "product" | "price" | "inventory";

export interface ProductFromLogOptions {
  readonly catalog: Log;
  readonly derived: Log;
  readonly versions: Versions;
  readonly sales: SaleFence;
  /** Each get takes one. */
  readonly slots: Slots;
}

export function createProductFromLog(options: ProductFromLogOptions): ProductFromLog {
  const { catalog, derived, versions, sales, slots } = options;
  const log = createLogReader(catalog, derived);
  const reviews = createReviewFence(catalog, derived);

  const register: ProductFromLog["register"] = (name, id, from = "leader") =>
    slots.run(async () => {
      const value = await log.read(name, id, from);
      return { version: versions(value?.sequence ?? 0), value: value ?? null } as NonNullable<
        ProductRead[typeof name]
      >;
    });

  async function registers(id: Identifier, from: ReadFrom) {
    const [product, price, inventory] = await Promise.all([
      register("product", id, from),
      register("price", id, from),
      register("inventory", id, from),
    ]);
    return { product, price, inventory };
  }

  async function kept(id: Identifier, read: ProductRead | undefined, from: ReadFrom) {
    const [reviewed, inSales] = await Promise.all([
      slots.run(() => readDerived(derived, "reviews", id, from)),
      slots.run(() => readDerived(derived, "sales", id, from)),
    ]);
    return { rating: newer(read?.rating, reviewed?.rating), sales: newer(read?.sales, inSales) };
  }

  return {
    register,

    async projected(id, read) {
      // The position before what it covers.
      const sequence = await slots.run(() => readDerivedPosition(derived, partitionOf(tokenOf(id))));
      const [found, folded] = await Promise.all([registers(id, "leader"), kept(id, read, "leader")]);
      return { product: { position: undefined, ...found, ...folded }, sequence };
    },

    async whole(id, read) {
      const [found, rating, inSales] = await Promise.all([
        registers(id, "leader"),
        slots.run(() => reviews.ratingOf(id, read?.rating)),
        slots.run(() => sales.salesOf(id)),
      ]);
      return { position: undefined, ...found, rating, sales: newer(read?.sales, inSales) };
    },

    async fromAnyReplica(id, read) {
      const [{ product, price, inventory }, folded] = await Promise.all([
        registers(id, "any"),
        kept(id, read, "any"),
      ]);
      return {
        position: read?.position,
        product: later(read?.product, product),
        price: later(read?.price, price),
        inventory: later(read?.inventory, inventory),
        ...folded,
      };
    },
  };
}

/** The one that stands for a later place in the log. */
function newer<T extends { readonly sequence: number }>(a: T | undefined, b: T | undefined): T | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.sequence > b.sequence ? a : b;
}

function later<T extends { readonly version: string }>(a: T | undefined, b: T): T {
  return a !== undefined && a.version > b.version ? a : b;
}
