import type { Identifier } from "../../streams/identifier.ts";
import { tokenOf } from "../../streams/identifier.ts";
import { partitionOf } from "../../streams/partition.ts";
import type { ListingRow } from "../../projections/read-model.ts";
import { sequenceOf } from "../../projections/version.ts";
import { batches } from "./batches.ts";
import { type Comparison, movedOn, oursAmong, partitionsOf, readRows } from "./comparison.ts";
import { withAncestors } from "./reference/categories.ts";
import type { Reference } from "./reference/fold.ts";
import { amountAt, boundariesOf, type Product } from "./reference/product.ts";
import { compareJson, type Difference } from "./tally.ts";

/** Listing rows (where a product is shown, and at which amount), and the moments at which the amount changes. */

/** The categories whose lists show the product: those it names and all above them, while it is active. */
export function shownIn({ details }: Product, { categories }: Reference): readonly Identifier[] {
  if (details === null || details.status === "discontinued") return [];
  return [...new Set(details.category_ids.flatMap((id) => withAncestors(categories, id)))].sort();
}

export async function compareRows(comparison: Comparison): Promise<void> {
  const { reference, tally, patience } = comparison;
  for (const products of batches(reference.products.values())) {
    const compared = await patience.until(
      async () => {
        const rows = await readRows(
          comparison,
          products.map(({ id }) => id),
        );
        return products.map((product) => compareRow(product, rows.get(product.id), comparison));
      },
      (each) => each.every(({ differences }) => differences.length === 0),
    );
    for (const { differences, skipped } of compared) {
      if (skipped) tally.skip("row");
      if (!skipped || differences.length > 0) tally.check("row", differences);
    }
  }
}

function compareRow(
  product: Product,
  row: ListingRow | undefined,
  { reference, versions, now }: Comparison,
): { readonly differences: readonly Difference[]; readonly skipped: boolean } {
  const newest = versions(reference.head);
  const { id, details, price, sales, firstSeen } = product;
  const moved = (row?.membership ?? "") > newest;
  const repriced = (row?.priced ?? "") > newest;
  const active = details?.status === "active";
  const membership = compareJson(
    "row",
    id,
    {
      created: firstSeen,
      group: active ? details.group_id : null,
      direct: active ? details.category_ids : [],
      shown: shownIn(product, reference),
    },
    {
      created: row?.created ?? null,
      group: row?.group ?? null,
      direct: row?.direct ?? [],
      shown: [...(row?.shown ?? [])].sort(),
    },
  );
  const pricing = compareJson(
    "row",
    id,
    {
      amount: amountAt(product, now()),
      priced: price && Math.max(price.sequence, sales?.sequence ?? 0),
    },
    {
      amount: row?.amount ?? null,
      priced: row?.priced === undefined ? null : sequenceOf(row.priced),
    },
  );
  const differences = [...(moved ? [] : membership), ...(repriced ? [] : pricing)];
  return { differences, skipped: moved || repriced };
}

/** Every product with a price and a sale that is still to start or end waits for that moment, and no other. */
export async function compareBoundaries(comparison: Comparison): Promise<void> {
  const { reference, readModel, tally, patience, now } = comparison;
  const inSales = [...reference.products.values()].filter(({ sales }) => sales !== null);
  const byPartition = Map.groupBy(inSales, ({ id }) => partitionOf(tokenOf(id)));
  for (const partition of partitionsOf(comparison)) {
    const differences = await patience.until(
      async () => {
        const waiting = await readModel.readDue(partition, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
        const moment = now();
        const due = (byPartition.get(partition) ?? [])
          .filter((product) => product.price !== null && boundariesOf(product).some((at) => at > moment))
          .map(({ id }) => id);
        return compareSets(comparison, "boundary", `partition ${partition}`, due, waiting);
      },
      (found) => found.length === 0,
    );
    tally.check("boundary", differences);
  }
}

/** Two sets of products, without those that have moved on since. */
export async function compareSets(
  comparison: Comparison,
  kind: "boundary" | "list" | "group",
  id: string,
  expected: readonly Identifier[],
  found: readonly Identifier[],
): Promise<readonly Difference[]> {
  const theirs = new Set(oursAmong(comparison, found));
  const ours = new Set(expected);
  const missing = expected.filter((each) => !theirs.has(each));
  const extra = [...theirs].filter((each) => !ours.has(each));
  if (missing.length + extra.length === 0) return [];
  const moved = await movedOn(comparison, [...missing, ...extra]);
  return [
    ...missing
      .filter((each) => !moved.has(each))
      .map((each) => ({ kind, id, what: each, expected: "in it", found: "missing" })),
    ...extra
      .filter((each) => !moved.has(each))
      .map((each) => ({ kind, id, what: each, expected: "not in it", found: "in it" })),
  ];
}
