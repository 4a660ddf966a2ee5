import type { Identifier } from "../../streams/identifier.ts";
import type { ReadModel, RegisterName, Versioned } from "../../projections/read-model.ts";
import { batches } from "./batches.ts";
import type { Comparison } from "./comparison.ts";
import { type Product, ratingOf, type Sales } from "./reference/product.ts";
import { compareJson, type Difference } from "./tally.ts";

/** What the read models hold by product: registers, rating, what each review counts for, sales. */

const reviewsPerQuery = 1_000;

export async function compareProducts(options: Comparison): Promise<void> {
  const { reference, readModel, versions, tally } = options;
  const newest = versions(reference.head);

  function register(
    name: RegisterName | "reviews",
    id: Identifier,
    expected: unknown,
    found: Versioned<unknown> | undefined,
  ): void {
    if (found === undefined) tally.miss(name);
    else if (found.version > newest) tally.skip(name);
    else tally.check(name, compareJson(name, id, expected, found.value));
  }

  for (const products of batches(reference.products.values())) {
    const ids = products.map(({ id }) => id);
    const [reads, reviews] = await Promise.all([readModel.readProducts(ids), readModel.readReviews(ids)]);
    for (const [at, product] of products.entries()) {
      const { id } = product;
      const read = reads[at];
      register("product", id, product.details, read?.product);
      register("price", id, product.price, read?.price);
      register("inventory", id, product.inventory, read?.inventory);
      register("reviews", id, newestReviews(product), reviews[at]);
      if ((read?.rating?.sequence ?? 0) > reference.head) tally.skip("rating");
      else tally.check("rating", compareJson("rating", id, expectedRating(product), read?.rating ?? null));
      if ((read?.sales?.sequence ?? 0) > reference.head) tally.skip("sales");
      else tally.check("sales", compareSales(id, product.sales, read?.sales, options));
    }
    for (const product of products) if (product.reviews !== null) await compareGiven(product, options);
  }
}

function newestReviews({ reviews }: Product) {
  return reviews && { newest: reviews.newest, sequence: reviews.sequence };
}

function expectedRating(product: Product) {
  return product.reviews && { ...ratingOf(product), sequence: product.reviews.sequence };
}

/** What each review counts for: without it, the next correction of a review would spoil the rating. */
async function compareGiven(
  { id, reviews }: Product,
  { reference, readModel, tally }: Comparison,
): Promise<void> {
  for (const page of batches(reviews?.given ?? [], reviewsPerQuery)) {
    const [read] = await readModel.readRatings([{ id, reviews: page.map(([review]) => review) }]);
    for (const [review, expected] of page) {
      const found = read?.given.get(review);
      if ((found?.sequence ?? 0) > reference.head) tally.skip("rating");
      else tally.check("rating", compareJson("rating", `${id} review ${review}`, expected, found));
    }
  }
}

type StoredSales = Awaited<ReturnType<ReadModel["readSalesOf"]>>[number];

/** Sales that are over may be kept or dropped; all others must be there. */
function compareSales(
  id: Identifier,
  expected: Sales | null,
  found: StoredSales,
  { reference, now }: Comparison,
): readonly Difference[] {
  if (expected === null || found === undefined) return compareJson("sales", id, expected, found ?? null);
  const over = Math.max(now(), reference.headTime);
  const stored = new Map(found.entries.map((entry) => [entry.sale_id, entry]));
  const due = [...expected.entries.values()].filter(
    ({ sale_id, ends_at }) => ends_at > over || stored.has(sale_id),
  );
  return compareJson(
    "sales",
    id,
    {
      entries: Object.fromEntries(due.map((entry) => [entry.sale_id, entry])),
      sequence: expected.sequence,
      updated_at: expected.updated_at,
    },
    { entries: Object.fromEntries(stored), sequence: found.sequence, updated_at: found.updated_at },
  );
}
