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
    message: StoredMessage,
    event: SaleEvent,
    stored: boolean,
  ): Promise<readonly Refusal[]> {
    const own = (id: Identifier) => partitionOf(tokenOf(id)) === partition;
    const before = await readModel.readSale(partition, event.id);
    if (stored) {
      await deriveAgain(partition, before);
      return [];
    }
    const whole = evolveSale(before, event);
    const sale = {
      ...whole,
      items: whole.items.filter(({ product_id }) => own(product_id)),
      named: whole.named.filter(own),
    };
    const touched = [...new Set([...sale.items, ...(before?.items ?? [])].map(({ product_id }) => product_id))];
    if (touched.length === 0) return [];
    const standing = await readModel.readSalesOf(partition, touched);
    const products = touched.map((id, at) => ({ id, value: evolveProductSales(standing[at], id, sale, event) }));
    buffer.add(products.map(({ id, value }) => ({ name: "sales", id, value })));
    const version = versions(event.sequence);
    await readModel.putSale(partition, { sale: event.id, version, value: sale, products });
    return reprice(partition, products, message);
  }

  /** The read models hold the event already, and the derived stream may lack what it meant for any product. */
  async function deriveAgain(partition: number, sale: Sale | undefined): Promise<void> {
    const named = sale?.named ?? [];
    const standing = await readModel.readSalesOf(partition, named);
    for (const [at, id] of named.entries()) {
      const value = standing[at];
      if (value !== undefined) buffer.add([{ name: "sales", id, value }]);
    }
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
      const refused: Refusal[] = [];
      for (const [partition, position] of standing) {
        refused.push(...(await applyTo(partition, message, event, event.sequence <= position)));
      }
      return refused;
    },
  };
}

