import { registerHooks } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * The next version of Shelfwire, as a process started with `--import` of this file: each kind of fold means
 * something else, the revision is raised, and the verifier's own fold is told the same. What is replaced must be
 * there exactly once, so that this cannot fall behind the sources in silence.
 */
const replacements: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  "projections/version.ts": [["foldRevision = 2", "foldRevision = 3"]],
  "projections/details.ts": [
    ["title: document.title,", "title: document.title.toUpperCase(),"],
    [
      "category_ids: [...new Set(document.category_ids)],",
      'category_ids: [...new Set(document.category_ids)].filter((id) => id !== "attic"),',
    ],
    [
      "group_id: document.group_id ?? null,",
      'group_id: document.group_id === "pair" ? ("twins" as Identifier) : (document.group_id ?? null),',
    ],
  ],
  "projections/price.ts": [
    ["list_price?.amount ?? null", "list_price?.amount ?? new_price.amount + 1_000_000"],
  ],
  "projections/inventory.ts": [
    ["quantity: event.data.new_quantity", "quantity: event.data.new_quantity + 1_000"],
  ],
  "projections/reviews.ts": [
    [
      "sum: sum + event.data.rating - (earlier?.rating ?? 0)",
      "sum: sum + Math.max(2, event.data.rating) - (earlier === undefined ? 0 : Math.max(2, earlier.rating))",
    ],
  ],
  "projections/sales.ts": [["amount: item.amount,", "amount: item.amount + 1,"]],
  "ops/verify/reference/fold.ts": [
    ["title: facts.title,", "title: facts.title.toUpperCase(),"],
    [
      "category_ids: [...new Set(facts.category_ids ?? [])],",
      'category_ids: [...new Set(facts.category_ids ?? [])].filter((id) => id !== "attic"),',
    ],
    [
      "group_id: facts.group_id ?? null,",
      'group_id: facts.group_id === "pair" ? ("twins" as Identifier) : (facts.group_id ?? null),',
    ],
    ["list_price?.amount ?? null", "list_price?.amount ?? amount + 1_000_000"],
    ["quantity: fact.facts.new_quantity", "quantity: fact.facts.new_quantity + 1_000"],
    [
      "entries.set(product_id, { sale_id, ...times, amount, currency",
      "entries.set(product_id, { sale_id, ...times, amount: amount + 1, currency",
    ],
  ],
  "ops/verify/reference/product.ts": [["sum + rating, 0", "sum + Math.max(2, rating), 0"]],
};

const root = dirname(dirname(import.meta.dirname));
const byUrl = new Map(
  Object.entries(replacements).map(([file, pairs]) => [pathToFileURL(join(root, file)).href, pairs]),
);

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const pairs = byUrl.get(url);
    if (pairs === undefined) return loaded;
    let source = Buffer.from(loaded.source as Uint8Array).toString("utf8");
    for (const [from, to] of pairs) {
      if (source.split(from).length !== 2) throw new Error(`${url} does not say "${from}" once`);
      source = source.replace(from, () => to);
    }
    return { ...loaded, source };
  },
});
