import type { Identifier } from "../../streams/identifier.ts";
import { tokenOf } from "../../streams/identifier.ts";
import type { StoredMessage } from "../../streams/log.ts";
import { partitionOf } from "../../streams/partition.ts";
import type { DerivedBuffer } from "../derived-buffer.ts";
import type { LogReader } from "../log-reader.ts";
import { pricingAt } from "../pricing.ts";
import type { Refusal, Standing } from "../projection.ts";
import type { Fence, ListingPut, ReadModel } from "../read-model.ts";
import { evolveProductSales, evolveSale, foreignSales, type ProductSales, type SaleEvent } from "../sales.ts";
import { assertStanding } from "../standing.ts";
import type { Versions } from "../version.ts";

/**
 * A sale reaches each partition's owner in the order of the log, and each takes the items that are its own:
 * those that the sale names now, and those that it named before and no longer does.
 */
export interface SaleWriter {
  apply(message: StoredMessage, event: SaleEvent, standing: Standing): Promise<readonly Refusal[]>;
}

export interface SaleWriterOptions {
  readonly readModel: ReadModel;
  readonly reader: LogReader;
  readonly buffer: DerivedBuffer;
  readonly versions: Versions;
  readonly now: () => number;
}

export function createSaleWriter({
  readModel,
  reader,
  buffer,
  versions,
  now,
}: SaleWriterOptions): SaleWriter {
  async function applyTo(
    fence: Fence,
    message: StoredMessage,
    event: SaleEvent,
    stored: boolean,
  ): Promise<readonly Refusal[]> {
    const { partition } = fence;
    const own = (id: Identifier) => partitionOf(tokenOf(id)) === partition;
    const before = await readModel.readSale(partition, event.id);
    const whole = evolveSale(before, event);
    const sale = {
      ...whole,
      items: whole.items.filter(({ product_id }) => own(product_id)),
      named: whole.named.filter(own),
    };
    if (sale.named.length === 0) return [];
    if (stored && (before?.sequence ?? 0) < event.sequence)
      await assertStanding(readModel, fence, `the sale "${event.id}" at ${event.sequence}`);
    // Those that it names now or named until now change; the others it ever named are only written again,
    // because an owner that died may have come to any of the writes below and no further.
    const touched = new Set([...sale.items, ...(before?.items ?? [])].map(({ product_id }) => product_id));
    const standing = await readModel.readSalesOf(partition, sale.named);
    if (stored) {
      const held = new Map(sale.named.map((id, at) => [id, standing[at]?.sequence ?? 0]));
      if ([...touched].some((id) => (held.get(id) ?? 0) < event.sequence))
        await assertStanding(readModel, fence, `the sale "${event.id}" at ${event.sequence}`);
    }
    const products = sale.named.flatMap((id, at) => {
      const value = touched.has(id) ? evolveProductSales(standing[at], id, sale, event) : standing[at];
      return value === undefined ? [] : [{ id, value }];
    });
    buffer.add(products.map(({ id, value }) => ({ name: "sales", id, value })));
    if (stored) return [];
    await readModel.putSale(fence, {
      sale: event.id,
      version: versions(event.sequence),
      value: sale,
      products,
    });
    return reprice(fence, products, message);
  }

  /** The listings follow, and a sale in another currency than the product's is reported. */
  async function reprice(
    fence: Fence,
    products: readonly { readonly id: Identifier; readonly value: ProductSales }[],
    message: StoredMessage,
  ): Promise<readonly Refusal[]> {
    const { partition } = fence;
    const reads = await readModel.readProducts(products.map(({ id }) => id));
    const refused: Refusal[] = [];
    const puts: ListingPut[] = [];
    for (const [at, { id, value }] of products.entries()) {
      const price = reads[at]?.price?.value ?? (await reader.read("price", id, "leader"));
      if (price === undefined) continue;
      puts.push({ id, pricing: pricingAt(versions, price, value, now()) });
      for (const foreign of foreignSales(price, value)) {
        if (foreign.sequence !== message.sequence) continue;
        refused.push({
          message,
          partition,
          product: id,
          reason: `the sale price of "${id}" is in ${foreign.currency} and the product is priced in ${price.currency}: the sale is ignored for this product`,
        });
      }
    }
    await readModel.putRows(fence, puts);
    return refused;
  }

  return {
    async apply(message, event, standing) {
      // Partitions share nothing, and each costs a handful of round trips.
      const applied = [...standing.values()].map(({ sequence, fence }) =>
        applyTo(fence, message, event, event.sequence <= sequence),
      );
      // One that fails is heard of when all are over: none may go on writing behind it.
      await Promise.allSettled(applied);
      return (await Promise.all(applied)).flat();
    },
  };
}
