import { readDerived } from "../projections/derived.ts";
import { createLogReader } from "../projections/log-reader.ts";
import type { ProductRead } from "../projections/read-model.ts";
import { createReviewFence } from "../projections/review-fence.ts";
import { createSaleFence } from "../projections/sale-fence.ts";
import type { Versions } from "../projections/version.ts";
import type { Identifier } from "../streams/identifier.ts";
import { type Log, LogUnavailable, type ReadFrom } from "../streams/log.ts";
import type { Slots } from "../streams/slots.ts";

/**
 * A product without the help of Redis: its registers by one get on each exact subject, however many events it
 * has had, rating and sales from the derived stream and from what the projector has not seen yet.
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
  /**
   * Everything up to `sequence`, which is `floor` and `named` or later. `floor` must be a place that the log has
   * reached; of `named`, which anybody may have made up, it is asked.
   */
  whole(
    id: Identifier,
    read: ProductRead | undefined,
    floor: number,
    named: number,
  ): Promise<{ readonly product: ProductRead; readonly sequence: number }>;
  /** What any replica has, or Redis where that is newer. */
  fromAnyReplica(id: Identifier, read: ProductRead | undefined): Promise<ProductRead>;
}

type LogRegister = "product" | "price" | "inventory";

/**
 * How often a product is read while things happen to it between its parts. A round takes some milliseconds; of a product
 * that changes within each of so many nothing whole can be said from the log.
 */
const readsMax = 24;

/** The log answers, and not in time for this. */
export class LogBusy extends LogUnavailable {}

export function createProductFromLog(
  catalog: Log,
  derived: Log,
  versions: Versions,
  slots: Slots,
): ProductFromLog {
  const log = createLogReader(catalog, derived);
  const sales = createSaleFence(catalog, derived);
  const reviews = createReviewFence(catalog, derived);
  /** A place that the log is known to have reached. */
  let reached = 0;

  const get: ProductFromLog["register"] = async (name, id, from = "leader") => {
    const value = await log.read(name, id, from);
    return { version: versions(value?.sequence ?? 0), value: value ?? null } as NonNullable<
      ProductRead[typeof name]
    >;
  };

  async function once(id: Identifier, read: ProductRead | undefined): Promise<ProductRead> {
    const [product, price, inventory, rating, inSales] = await Promise.all([
      get("product", id),
      get("price", id),
      get("inventory", id),
      reviews.ratingOf(id, read?.rating),
      sales.salesOf(id),
    ]);
    return { position: undefined, product, price, inventory, rating, sales: newer(read?.sales, inSales) };
  }

  async function assertReached(named: number): Promise<void> {
    if (named <= reached) return;
    const { last } = await catalog.bounds();
    reached = Math.max(reached, last);
    if (named > last) throw new LogUnavailable(`the log ends at ${last}, before ${named}`);
  }

  async function whole(id: Identifier, read: ProductRead | undefined, floor: number, named: number) {
    reached = Math.max(reached, floor);
    await assertReached(named);
    let sequence = reached;
    for (let times = 1; ; times++) {
      const product = await once(id, read);
      const newest = newestIn(product);
      reached = Math.max(reached, sequence);
      if (newest <= sequence) return { product, sequence };
      if (times === readsMax) throw new LogBusy(`${id} changes faster than it can be read`);
      // One part may have been read before and another one after something happened: read all behind it.
      sequence = newest;
    }
  }

  async function fromAnyReplica(id: Identifier, read: ProductRead | undefined): Promise<ProductRead> {
    const [product, price, inventory, kept, inSales] = await Promise.all([
      get("product", id, "any"),
      get("price", id, "any"),
      get("inventory", id, "any"),
      readDerived(derived, "reviews", id),
      readDerived(derived, "sales", id),
    ]);
    return {
      position: read?.position,
      product: later(read?.product, product),
      price: later(read?.price, price),
      inventory: later(read?.inventory, inventory),
      rating: newer(read?.rating, kept?.rating),
      sales: newer(read?.sales, inSales),
    };
  }

  // A product takes one slot from beginning to end, or its parts would wait for those of others, and things would go on
  // happening to it between them.
  return {
    register: (name, id, from) => slots.run(() => get(name, id, from)),
    whole: (id, read, floor, named) => slots.run(() => whole(id, read, floor, named)),
    fromAnyReplica: (id, read) => slots.run(() => fromAnyReplica(id, read)),
  };
}

/** The newest event about the product that the read includes. */
export function newestIn({ product, price, inventory, rating, sales }: ProductRead): number {
  return Math.max(
    product?.value?.sequence ?? 0,
    price?.value?.sequence ?? 0,
    inventory?.value?.sequence ?? 0,
    rating?.sequence ?? 0,
    sales?.sequence ?? 0,
  );
}

/** The one that stands for a later place in the log. */
function newer<T extends { readonly sequence: number }>(a: T | undefined, b: T | undefined): T | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.sequence > b.sequence ? a : b;
}

function later<T extends { readonly version: string }>(a: T | undefined, b: T): T {
  return a !== undefined && a.version > b.version ? a : b;
}
