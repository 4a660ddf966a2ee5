import type { Identifier } from "../../streams/identifier.ts";
import { tokenOf } from "../../streams/identifier.ts";
import type { StoredMessage } from "../../streams/log.ts";
import { partitionOf } from "../../streams/partition.ts";
import type { DerivedBuffer } from "../derived-buffer.ts";
import type { LogReader } from "../log-reader.ts";
import type { Refusal } from "../projection.ts";
import type { ListingPut, ReadModel } from "../read-model.ts";
import {
  amountAt,
  evolveProductSales,
  evolveSale,
  foreignSales,
  nextBoundary,
  type Sale,
  type SaleEvent,
} from "../sales.ts";
import type { Versions } from "../version.ts";

/**
 * A sale reaches each partition's owner in the order of the log, and each takes the items that are its own:
 * those that the sale names now, and those that it named before and no longer does.
 */
export interface SaleWriter {
  apply(
    message: StoredMessage,
    event: SaleEvent,
    standing: ReadonlyMap<number, number>,
  ): Promise<readonly Refusal[]>;
}

export interface SaleWriterOptions {
  readonly readModel: ReadModel;
  readonly reader: LogReader;
  readonly buffer: DerivedBuffer;
  readonly versions: Versions;
  readonly now: () => number;
}

export function createSaleWriter({ readModel, reader, buffer, versions, now }: SaleWriterOptions): SaleWriter {
  async function applyTo(
    partition: number,
    sale: Sale,
    message: StoredMessage,
    event: SaleEvent,
    stored: boolean,
  ): Promise<readonly Refusal[]> {
    const before = await readModel.readSale(partition, event.id);
    const touched = [
      ...new Set([...sale.items, ...(before?.items ?? [])].map(({ product_id }) => product_id)),
    ].filter((id) => partitionOf(tokenOf(id)) === partition);
    const standing = await readModel.readSalesOf(partition, touched);
    const products = touched.map((id, at) => ({ id, value: evolveProductSales(standing[at], id, sale, event) }));
    buffer.add(products.map(({ id, value }) => ({ name: "sales", id, value })));
    if (stored) return [];
    const version = versions(event.sequence);
    const own = { ...sale, items: sale.items.filter(({ product_id }) => touched.includes(product_id)) };
    if (touched.length > 0) await readModel.putSale(partition, { sale: event.id, version, value: own, products });
    return reprice(partition, products, message);
  }

  /** The listings follow, and a sale in another currency than the product's is reported. */
  async function reprice(
    partition: number,
    products: readonly { readonly id: Identifier; readonly value: ReturnType<typeof evolveProductSales> }[],
    message: StoredMessage,
  ): Promise<readonly Refusal[]> {
    const reads = await readModel.readProducts(products.map(({ id }) => id));
    const refused: Refusal[] = [];
    const puts: ListingPut[] = [];
    for (const [at, { id, value }] of products.entries()) {
      const price = reads[at]?.price?.value ?? (await reader.read("price", id, "any"));
      if (price === undefined) continue;
      const sequence = Math.max(price.sequence, value.sequence);
      const moment = now();
      puts.push({
        id,
        pricing: {
          version: versions(sequence),
          amount: amountAt(price, value, moment),
          nextBoundary: nextBoundary(value, moment),
        },
      });
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
    await readModel.putRows(partition, puts);
    return refused;
  }

  return {
    async apply(message, event, standing) {
      const sale = evolveSale(undefined, event);
      const refused: Refusal[] = [];
      for (const [partition, position] of standing) {
        refused.push(...(await applyTo(partition, sale, message, event, event.sequence <= position)));
      }
      return refused;
    },
  };
}

