import { hash } from "node:crypto";
import type { Identifier } from "../../streams/identifier.ts";
import {
  categoryAnswer,
  inventoryAnswer,
  priceAnswer,
  productAnswer,
  reviewsAnswer,
  summaryAnswer,
  treeAnswer,
} from "./answers.ts";
import { batches } from "./batches.ts";
import type { Comparison } from "./comparison.ts";
import { groupsOf, inOrder, listsOf, type Lists } from "./lists.ts";
import { type Product, shownOf } from "./reference/product.ts";
import { compareJson, type Difference } from "./tally.ts";

/**
 * A sample of what readers get, through HTTP, whichever tier answers: so also what a miss finds in the log
 * for registers that were evicted.
 */

/** One GET. `headers` have names in lower case. */
export type Ask = (path: string, headers: Readonly<Record<string, string>>) => Promise<Answered>;

export interface Answered {
  readonly status: number;
  readonly catalogVersion: string | undefined;
  readonly body: unknown;
}

export interface AnswerSample {
  readonly stream: string;
  readonly ask: Ask;
  /** How many products. */
  readonly sample: number;
}

const categoriesMax = 20;
const pageSize = 24;
const variantsMax = 500;
const inFlightMax = 8;

/** What one path must answer at a moment; undefined for 404. */
interface Expected {
  readonly path: string;
  readonly at: (now: number) => object | undefined;
}

export async function compareAnswers(comparison: Comparison, sample: AnswerSample): Promise<void> {
  const { reference, partition } = comparison;
  const lists = listsOf(reference);
  const groups = groupsOf(reference);
  const chosen = choose(reference.products.values(), sample.sample);
  const expected = chosen.flatMap((product) => productPaths(product, groups, partition === undefined));
  // With one partition's products alone, the tree is whole and the pages are not.
  expected.push({ path: "/api/categories", at: () => treeAnswer(reference.categories) });
  for (const category of choose(reference.categories.values(), categoriesMax)) {
    const path = `/api/categories/${encodeURIComponent(category.id)}`;
    expected.push({ path, at: () => categoryAnswer(reference.categories, category) });
    if (partition === undefined) expected.push(...pages(path, category.id, lists));
  }
  for (const batch of batches(expected, inFlightMax)) {
    await Promise.all(batch.map((one) => compareAnswer(comparison, sample, one)));
  }
}

function productPaths(product: Product, groups: Lists, whole: boolean): readonly Expected[] {
  const path = `/api/products/${encodeURIComponent(product.id)}`;
  const exists = product.details !== null;
  const members = product.details?.group_id == null ? [] : (groups.get(product.details.group_id) ?? []);
  const variants = whole
    ? members
        .slice(0, variantsMax)
        .filter(({ details }) => details !== null)
        .map(shownOf)
    : undefined;
  const shown = shownOf(product);
  const existing = (at: Expected["at"]): Expected["at"] => (exists ? at : () => undefined);
  const price = existing((now) => ({ price: priceAnswer(product, now) }));
  const inventory = existing(() => ({ inventory: inventoryAnswer(product) }));
  return [
    { path, at: (now) => productAnswer(shown, variants, "assembled", now) },
    { path: `${path}?view=details`, at: (now) => productAnswer(shown, variants, "details", now) },
    { path: `${path}/price`, at: price },
    { path: `${path}/price?consistency=strong`, at: price },
    { path: `${path}/inventory`, at: inventory },
    { path: `${path}/inventory?consistency=strong`, at: inventory },
    { path: `${path}/reviews`, at: existing(() => reviewsAnswer(product)) },
  ];
}

function pages(path: string, category: Identifier, lists: Lists): readonly Expected[] {
  const products = lists.get(category) ?? [];
  return (["newest", "price_asc", "price_desc"] as const).map((sort) => ({
    path: `${path}/products?sort=${sort}&page_size=${pageSize}`,
    at: (now) => ({
      items: inOrder(products, sort, now)
        .slice(0, pageSize)
        .map((product) => summaryAnswer(shownOf(product), now)),
      total: products.length,
    }),
  }));
}

async function compareAnswer(
  comparison: Comparison,
  { stream, ask }: AnswerSample,
  one: Expected,
): Promise<void> {
  const { reference, tally, patience, now } = comparison;
  const headers = { "catalog-min-version": `${stream}/${reference.head}` };
  const compared = await patience.until(
    async () => {
      const before = one.at(now());
      const answered = await ask(one.path, headers);
      const differences = compareWith(one.path, before, answered);
      // A sale may have begun or ended while the answer was made.
      const after = differences.length === 0 ? differences : compareWith(one.path, one.at(now()), answered);
      return {
        differences: after,
        later: isLater(answered, reference.head),
        degraded: isDegraded(answered),
      };
    },
    ({ differences, later }) => later || differences.length === 0,
    ({ degraded }) => degraded,
  );
  if (compared.later && compared.differences.length > 0) tally.skip("answer");
  else tally.check("answer", compared.differences);
}

/** Fields that the contract does not have are none of ours; of those it has, every one must be right. */
function compareWith(
  path: string,
  expected: object | undefined,
  { status, body }: Answered,
): readonly Difference[] {
  const wanted = expected === undefined ? 404 : 200;
  if (status !== wanted)
    return [{ kind: "answer", id: path, what: "status", expected: wanted, found: status }];
  if (expected === undefined) return [];
  const fields = new Map(Object.entries(body ?? {}));
  const named = Object.keys(expected).map((field) => [field, fields.get(field)] as const);
  return compareJson("answer", path, expected, Object.fromEntries(named));
}

/** It says itself that a tier was away, as for a moment after that tier is back. */
const isDegraded = ({ body }: Answered) =>
  (body as { readonly degraded?: unknown } | undefined)?.degraded === true;

/** The log has moved on, and the answer with it. */
function isLater({ catalogVersion }: Answered, head: number): boolean {
  return Number(catalogVersion?.split("/")[1] ?? 0) > head;
}

/** The same ones whenever the same are there: those with the lowest hashes. */
function choose<T extends { readonly id: string }>(all: Iterable<T>, count: number): readonly T[] {
  const hashed = [...all].map((one) => ({ one, rank: hash("sha1", one.id) }));
  hashed.sort((a, b) => (a.rank < b.rank ? -1 : 1));
  return hashed.slice(0, count).map(({ one }) => one);
}
