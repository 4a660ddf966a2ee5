import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { partitionOf } from "../../streams/partition.ts";
import { type CategoryTree, listsShowing } from "../categories.ts";
import { groupOf, listedIn } from "../details.ts";
import type { FoldedRun } from "../fold-run.ts";
import type { LogReader } from "../log-reader.ts";
import type { Price } from "../price.ts";
import type { Standing } from "../projection.ts";
import type { Fence, ListingPut, ListingRow, ReadModel } from "../read-model.ts";
import { amountAt, foreignSales, nextBoundary, type ProductSales } from "../sales.ts";
import type { Versions } from "../version.ts";

/**
 * Where products are listed and at which amount, and which group shows them. What a product was in before is
 * its row, so leaving a list or a group is found by comparing, and a repetition finds nothing to do.
 */
export interface ListingWriter {
  /** Returns, by the price's sequence, the products whose sales are in another currency. */
  apply(
    run: FoldedRun,
    standing: Standing,
  ): Promise<ReadonlyMap<number, { readonly id: Identifier; readonly sale: Identifier }>>;
  reprice(fence: Fence, ids: readonly Identifier[], now: number): Promise<void>;
}

export interface ListingWriterOptions {
  readonly readModel: ReadModel;
  readonly reader: LogReader;
  readonly tree: CategoryTree;
  readonly versions: Versions;
  readonly now: () => number;
}

export function createListingWriter({
  readModel,
  reader,
  tree,
  versions,
  now,
}: ListingWriterOptions): ListingWriter {
  function pricing(
    price: Price,
    sales: ProductSales | undefined,
    moment: number,
  ): NonNullable<ListingPut["pricing"]> {
    return {
      version: versions(Math.max(price.sequence, sales?.sequence ?? 0)),
      amount: amountAt(price, sales, moment),
      nextBoundary: nextBoundary(sales, moment),
    };
  }

  /**
   * A product that changes its group leaves the old one before its row forgets it. An owner that died after it
   * had put the product into a group left no row that says so, and the next one may fold that event and a later
   * one together: so the product also leaves every group that the run took it through.
   */
  async function regroup(
    fence: Fence,
    ids: readonly Identifier[],
    run: FoldedRun,
    rows: ReadonlyMap<Identifier, ListingRow | undefined>,
  ): Promise<void> {
    const puts = [];
    for (const id of ids) {
      const details = run.details.get(id);
      if (details === undefined) continue;
      const left = new Set(run.groups.get(id));
      const before = rows.get(id)?.group ?? null;
      if (before !== null) left.add(before);
      const group = groupOf(details);
      const version = versions(details.sequence);
      if (group !== null) {
        left.delete(group);
        puts.push({ group, id, version, member: true });
      }
      for (const each of left) puts.push({ group: each, id, version, member: false });
    }
    if (puts.length > 0) await readModel.putGroupMembers(fence, puts);
  }

  return {
    async apply(run, standing) {
      const grouped = byPartition(run.details.keys());
      const priced = byPartition(run.prices.keys());
      const rows = new Map<Identifier, ListingRow | undefined>();
      const sales = new Map<Identifier, ProductSales | undefined>();
      await Promise.all([
        ...[...grouped].map(async ([partition, ids]) => {
          const found = await readModel.readRows(partition, ids);
          for (const [at, id] of ids.entries()) rows.set(id, found[at]);
        }),
        ...[...priced].map(async ([partition, ids]) => {
          const found = await readModel.readSalesOf(partition, ids);
          for (const [at, id] of ids.entries()) if (found[at] !== undefined) sales.set(id, found[at]);
        }),
      ]);
      const moment = now();
      const shownOf = rememberLists(tree);
      const foreign = new Map<number, { readonly id: Identifier; readonly sale: Identifier }>();
      const puts = byPartition(new Set([...run.details.keys(), ...run.prices.keys()]));
      await Promise.all(
        [...puts].map(async ([partition, ids]) => {
          const fence = standing.get(partition)?.fence;
          if (fence === undefined) return;
          await regroup(fence, ids, run, rows);
          await readModel.putRows(
            fence,
            ids.map((id): ListingPut => {
              const details = run.details.get(id);
              const price = run.prices.get(id);
              const other = price && foreignSales(price, sales.get(id)).at(-1);
              if (price !== undefined && other !== undefined)
                foreign.set(price.sequence, { id, sale: other.sale_id });
              const direct = details === undefined ? [] : listedIn(details);
              return {
                id,
                ...(details && {
                  membership: {
                    version: versions(details.sequence),
                    created: run.firstSeen.get(id) ?? details.sequence,
                    group: groupOf(details),
                    direct,
                    shown: shownOf(direct),
                  },
                }),
                ...(price && { pricing: pricing(price, sales.get(id), moment) }),
              };
            }),
          );
        }),
      );
      return foreign;
    },

    async reprice(fence, ids, moment) {
      const reads = await readModel.readProducts(ids);
      const puts: ListingPut[] = [];
      for (const [at, id] of ids.entries()) {
        const price = reads[at]?.price?.value ?? (await reader.read("price", id, "leader"));
        if (price !== undefined) puts.push({ id, pricing: pricing(price, reads[at]?.sales, moment) });
      }
      await readModel.putRows(fence, puts);
    },
  };
}

/** Products of one feed name the same few categories over and over. The tree does not change meanwhile. */
function rememberLists(tree: CategoryTree): (direct: readonly Identifier[]) => readonly Identifier[] {
  const known = new Map<string, readonly Identifier[]>();
  return (direct) => {
    const key = direct.join("\n");
    let shown = known.get(key);
    if (shown === undefined) {
      shown = listsShowing(tree, direct);
      known.set(key, shown);
    }
    return shown;
  };
}

function byPartition(ids: Iterable<Identifier>): ReadonlyMap<number, readonly Identifier[]> {
  const groups = new Map<number, Identifier[]>();
  for (const id of ids) {
    const partition = partitionOf(tokenOf(id));
    const group = groups.get(partition);
    if (group === undefined) groups.set(partition, [id]);
    else group.push(id);
  }
  return groups;
}
