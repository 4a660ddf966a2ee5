import type { Identifier } from "../../streams/identifier.ts";
import { type Details, groupOf, listedIn } from "../details.ts";
import type { FoldedRun } from "../fold-run.ts";
import type { LogReader } from "../log-reader.ts";
import { pricingAt } from "../pricing.ts";
import type { Standing } from "../projection.ts";
import type { Fence, ListingPut, ReadModel } from "../read-model.ts";
import { foreignSales, type ProductSales } from "../sales.ts";
import type { Versions } from "../version.ts";
import type { TreeWriter } from "./tree.ts";

/**
 * Where products are listed and at which amount, and which group shows them. What a product was in before is
 * its row, so leaving a list or a group is found by comparing, and a repetition finds nothing to do.
 */
export interface ListingWriter {
  /** Takes what was folded by partition. Returns, by the price's sequence, the products whose sales are in another currency. */
  apply(
    runs: ReadonlyMap<number, FoldedRun>,
    standing: Standing,
  ): Promise<ReadonlyMap<number, { readonly id: Identifier; readonly sale: Identifier }>>;
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
      const foreign = new Map<number, { readonly id: Identifier; readonly sale: Identifier }>();

      function membership(details: Details, created = details.sequence): ListingPut["membership"] {
        const { direct, shown } = listsOf(listedIn(details));
        return { version: versions(details.sequence), created, group: groupOf(details), direct, shown };
      }

      await Promise.all(
        [...runs].map(async ([partition, { details, firstSeen, prices }]) => {
          const fence = standing.get(partition)?.fence;
          if (fence === undefined) return;
          const priced = [...prices.keys()];
          const sales = new Map<Identifier, ProductSales>();
          for (const [at, found] of (await readModel.readSalesOf(partition, priced)).entries()) {
            const id = priced[at];
            if (id !== undefined && found !== undefined) sales.set(id, found);
          }
          const puts: ListingPut[] = [];
          for (const id of new Set([...details.keys(), ...priced])) {
            const document = details.get(id);
            const price = prices.get(id);
            const other = price && foreignSales(price, sales.get(id)).at(-1);
            if (price !== undefined && other !== undefined) {
              foreign.set(price.sequence, { id, sale: other.sale_id });
            }
            puts.push({
              id,
              membership: document && membership(document, firstSeen.get(id)),
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
