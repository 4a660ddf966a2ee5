import { type Category, evolveCategory } from "../projections/categories.ts";
import type { Details } from "../projections/details.ts";
import type { Inventory } from "../projections/inventory.ts";
import type { Price } from "../projections/price.ts";
import { createSaleFence } from "../projections/sale-fence.ts";
import type { ProductSales } from "../projections/sales.ts";
import { decodeEvent, isBad } from "../streams/events.ts";
import { type Identifier, tokenOf } from "../streams/identifier.ts";
import { type Log, LogUnavailable, LogVanished } from "../streams/log.ts";
import type { Slots } from "../streams/slots.ts";
import { storedSubject } from "../streams/subjects.ts";
import { Problem } from "./problems.ts";
import type { ProductFromLog } from "./product-from-log.ts";

/** Reads from the leader of the log, past every cache. Each throws a 503 problem where it does not answer. */
export interface StrongReads {
  /** Both as of one moment, or a price from before an event would meet a sale from behind it: a state that never was. */
  strongPrice(
    id: Identifier,
  ): Promise<{ readonly price: Price | undefined; readonly sales: ProductSales | undefined }>;
  strongInventory(id: Identifier): Promise<Inventory | undefined>;
  strongExists(id: Identifier): Promise<boolean>;
  strongDetails(id: Identifier): Promise<Details | undefined>;
  /** A category from its last event alone, for while the tree is being made again. */
  category(id: Identifier): Promise<Category | undefined>;
}

/** How often a price is read while it changes with every look at its sales. */
const readsMax = 24;

/** Reads before this one: with 8 at a time a second's work where the log is slow. */
const queueMax = 512;

export function createStrongReads(
  catalog: Log,
  derived: Log,
  log: Pick<ProductFromLog, "register">,
  slots: Slots,
): StrongReads {
  const fence = createSaleFence(catalog, derived);

  const priceOf = async (id: Identifier) => (await log.register("price", id)).value ?? undefined;

  async function strong<T>(read: () => Promise<T>): Promise<T> {
    try {
      if (slots.waiting >= queueMax) throw new LogUnavailable(`${slots.waiting} reads of the log wait`);
      return await read();
    } catch (error) {
      if (!isAway(error)) throw error;
      throw new Problem("unavailable", "the log's leader does not answer; try again shortly", [], {
        cause: error,
      });
    }
  }

  return {
    category: (id) =>
      strong(async () => {
        const subject = storedSubject("category.modified", tokenOf(id));
        const message = await slots.run(() => catalog.last(subject));
        const event = message && decodeEvent(message);
        if (event === undefined || isBad(event) || event.kind !== "category.modified") return undefined;
        return evolveCategory(undefined, event);
      }),
    strongPrice: (id) =>
      strong(async () => {
        let price = await priceOf(id);
        for (let times = 1; ; times++) {
          const sales = await slots.run(() => fence.salesOf(id));
          // Sales that are looked at behind the price have every sale event before it.
          if ((sales?.sequence ?? 0) <= (price?.sequence ?? 0)) return { price, sales };
          const again = await priceOf(id);
          if (again?.sequence === price?.sequence) return { price, sales };
          if (times === readsMax) throw new LogUnavailable(`${id} changes faster than it can be read`);
          price = again;
        }
      }),
    strongInventory: (id) => strong(async () => (await log.register("inventory", id)).value ?? undefined),
    strongExists: (id) => strong(async () => (await log.register("product", id)).value !== null),
    strongDetails: (id) => strong(async () => (await log.register("product", id)).value ?? undefined),
  };
}

export function isAway(error: unknown): boolean {
  return error instanceof LogUnavailable || error instanceof LogVanished;
}
