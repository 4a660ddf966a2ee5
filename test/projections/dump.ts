import type { Identifier } from "../../streams/identifier.ts";
import { tokenOf } from "../../streams/identifier.ts";
import { allPartitions, partitionOf } from "../../streams/partition.ts";
import type { ReadModel } from "../../projections/read-model.ts";

/** The names that a log speaks of: what a dump must ask for, since the port lists none of them. */
export interface Names {
  readonly products: readonly Identifier[];
  readonly categories: readonly Identifier[];
  readonly sales: readonly Identifier[];
  readonly groups: readonly Identifier[];
  readonly reviews: readonly Identifier[];
}

/**
 * All that a read model shows, through its port alone, as plain data with sorted keys.
 *
 * Left out is where the projector stands, and which event last touched a listing row: a batch that moves two
 * categories writes its rows once, with the version of the second.
 */
export async function dump(readModel: ReadModel, names: Names): Promise<unknown> {
  const { products, categories, sales, groups, reviews } = names;
  const reads = await readModel.readProducts(products);
  const newest = await readModel.readReviews(products);
  const ratings = await readModel.readRatings(products.map((id) => ({ id, reviews })));
  const shown: Record<string, unknown> = {};
  for (const [at, id] of products.entries()) {
    const partition = partitionOf(tokenOf(id));
    const [row] = await readModel.readRows(partition, [id]);
    const { product, price, inventory, rating, sales: inSales } = reads[at] ?? {};
    shown[`product ${id}`] = {
      product,
      price,
      inventory,
      rating,
      inSales,
      reviews: newest[at],
      given: Object.fromEntries(ratings[at]?.given ?? []),
      row: row && {
        created: row.created,
        group: row.group,
        direct: row.direct,
        shown: row.shown,
        amount: row.amount,
      },
    };
  }
  for (const category of categories) {
    for (const sort of ["newest", "price_asc", "price_desc"] as const) {
      const { ids, total } = await readModel.readListing(category, sort, 0, 1_000);
      shown[`list ${category} ${sort}`] = { ids, total };
    }
  }
  for (const partition of allPartitions) {
    for (const sale of sales) shown[`sale ${sale} ${partition}`] = await readModel.readSale(partition, sale);
    shown[`due ${partition}`] = [
      ...(await readModel.readDue(partition, Number.MAX_SAFE_INTEGER, 1_000)),
    ].sort();
  }
  for (const group of groups) shown[`group ${group}`] = (await readModel.readGroup(group)).ids;
  shown["tree"] = (await readModel.readCategoryEvents()).events;
  return sorted(shown);
}

/**
 * The same, without what may be evicted at any moment: which registers are there is chance where an owner was
 * overtaken, what they say is not.
 */
export function withoutAbsent(dumped: unknown, other: unknown): unknown {
  const [mine, theirs] = [dumped, other] as [Record<string, object>, Record<string, Record<string, unknown>>];
  const kept = Object.entries(mine).map(([key, value]) => {
    if (!key.startsWith("product ")) return [key, value];
    const registers = ["product", "price", "inventory", "reviews"];
    const both = Object.entries(value as Record<string, unknown>).filter(
      ([name]) => !registers.includes(name) || theirs[key]?.[name] !== undefined,
    );
    return [key, Object.fromEntries(both)];
  });
  return Object.fromEntries(kept);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]),
  );
}
