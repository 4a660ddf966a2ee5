import type { Identifier } from "../../streams/identifier.ts";
import type { StoredMessage } from "../../streams/log.ts";
import { type Details, groupOf, listedIn } from "../details.ts";
import type { FoldedRun } from "../fold-run.ts";
import type { LogReader } from "../log-reader.ts";
import { pricingAt } from "../pricing.ts";
import type { Refusal, Standing } from "../projection.ts";
import type { Fence, ListingPut, ReadModel } from "../read-model.ts";
import { foreignSales, type ProductSales } from "../sales.ts";
import type { Versions } from "../version.ts";
import type { TreeWriter } from "./tree.ts";

/**
 * Where products are listed and at which amount, and which group shows them. What a product was in before is
 * its row, so leaving a list or a group is found by comparing, and a repetition finds nothing to do.
 */
export interface ListingWriter {
  /** Takes what was folded by partition. Returns the prices of products whose sales are in another currency. */
  apply(runs: ReadonlyMap<number, FoldedRun>, standing: Standing): Promise<readonly Refusal[]>;
  reprice(fence: Fence, ids: readonly Identifier[], now: number): Promise<void>;
}

export interface ListingWriterOptions {
  readonly readModel: ReadModel;
  readonly reader: LogReader;
  readonly listsOf: TreeWriter["listsOf"];
  readonly versions: Versions;
  readonly now: () => number;
}

export function createListingWriter({
  readModel,
  reader,
  listsOf,
  versions,
  now,
}: ListingWriterOptions): ListingWriter {
  return {
    async apply(runs, standing) {
      const moment = now();
      const foreign: Refusal[] = [];

      function membership(details: Details, created = details.sequence): ListingPut["membership"] {
        const { direct, shown } = listsOf(listedIn(details));
        return { version: versions(details.sequence), created, group: groupOf(details), direct, shown };
      }

      await Promise.all(
        [...runs].map(async ([partition, { products }]) => {
          const fence = standing.get(partition)?.fence;
          if (fence === undefined) return;
          const priced: Identifier[] = [];
          for (const [id, { price }] of products) if (price !== undefined) priced.push(id);
          const sales = new Map<Identifier, ProductSales>();
          for (const [at, found] of (await readModel.readSalesOf(partition, priced)).entries()) {
            const id = priced[at];
            if (id !== undefined && found !== undefined) sales.set(id, found);
          }
          const puts: ListingPut[] = [];
          for (const [id, { details, firstSeen, price, pricedBy }] of products) {
            if (details === undefined && price === undefined) continue;
            const other = price && foreignSales(price, sales.get(id)).at(-1);
            if (pricedBy !== undefined && other !== undefined) {
              foreign.push(foreignPrice(pricedBy, partition, id, other.sale_id));
            }
            puts.push({
              id,
              membership: details && membership(details, firstSeen),
              pricing: price && pricingAt(versions, price, sales.get(id), moment),
            });
          }
          await readModel.putRows(fence, puts);
        }),
      );
      return foreign;
    },

    async reprice(fence, ids, moment) {
      const reads = await readModel.readProducts(ids);
      const puts: ListingPut[] = [];
      for (const [at, id] of ids.entries()) {
        const price = reads[at]?.price?.value ?? (await reader.read("price", id, "leader"));
        if (price !== undefined)
          puts.push({ id, pricing: pricingAt(versions, price, reads[at]?.sales, moment) });
      }
      await readModel.putRows(fence, puts);
    },
  };
}

/** A price that leaves its product with sales in another currency: they are ignored, and that is reported. */
function foreignPrice(
  message: StoredMessage,
  partition: number,
  product: Identifier,
  sale: Identifier,
): Refusal {
  const reason = `the sale "${sale}" is in another currency than this price: it is ignored for "${product}"`;
  return { message, partition, product, reason };
}
