import { splitPath } from "../feed/category-path.ts";
import type { FeedEntry } from "../feed/entry.ts";
import { parseId } from "../feed/fields.ts";
import { textOfHtml } from "../feed/html-text.ts";
import { createProblems, type Problems } from "../feed/problems.ts";
import { optionColumns, type ShopifyRow } from "./columns.ts";
import { variantOf } from "./variant.ts";

/**
 * The rows of one handle as products: one for each variant, which together are a group. What the first row
 * says of the product holds for all of them, also where its own variant is no good.
 */
export function productsOf(
  handle: string,
  [first, ...others]: readonly [ShopifyRow, ...ShopifyRow[]],
  currency: string,
): readonly FeedEntry[] {
  const rows = [first, ...others];
  const images = imagesOf(rows);
  const sharedProblems = createProblems();
  const group = parseId(handle, "handle", sharedProblems);
  const shared = sharedOf(first, sharedProblems);
  const path = pathOf(first);
  const tags = first.cell("tags");
  return rows
    .filter((row) => row === first || isVariant(row))
    .map((row) => {
      const problems = createProblems(sharedProblems);
      const options = optionsOf(first, row);
      const variant = variantOf(handle, first, row, Object.values(options), currency, problems);
      const { id, gtin, specs, price, stock } = variant;
      if (problems.any || id === undefined || group === undefined) return problems.rejection(row, id);
      const own = row.cell("variantImage");
      return {
        id,
        line: row.line,
        row: row.raw,
        path,
        price,
        stock,
        sale: undefined,
        details: {
          ...shared,
          ...(gtin !== undefined && { gtin }),
          images: own === "" ? images : [{ url: own }, ...images.filter(({ url }) => url !== own)],
          specs: { ...(tags !== "" && { tags }), ...specs },
          ...(Object.keys(options).length > 0 && { group_id: group, options }),
        },
      };
    });
}

/** A row that has an image alone adds no variant. */
function isVariant(row: ShopifyRow): boolean {
  return (["option1Value", "sku", "price"] as const).some((column) => row.cell(column) !== "");
}

function sharedOf(first: ShopifyRow, problems: Problems) {
  const title = first.cell("title");
  if (title === "") {
    const where = `the first row of its handle, line ${first.line}`;
    problems.add("no-title", `${where}, has no title: rows of one handle stand together, title first`);
  }
  const description = textOfHtml(first.cell("body"));
  const brand = first.cell("vendor");
  return {
    title,
    ...(description !== "" && { description }),
    ...(brand !== "" && { brand }),
    status: statusOf(first, problems),
  };
}

/** What is not published, a draft or archived is in no list. */
function statusOf(first: ShopifyRow, problems: Problems): "active" | "discontinued" {
  const status = first.cell("status").toLowerCase();
  const published = first.cell("published").toLowerCase();
  if (!["", "active", "draft", "archived", "unlisted"].includes(status)) {
    problems.add("bad-status", `the status "${status}" is none of active, draft, archived, unlisted`);
  }
  if (!["", "true", "false"].includes(published)) {
    problems.add("bad-published", `Published is "${published}": write true or false`);
  }
  return (status === "" || status === "active") && published !== "false" ? "active" : "discontinued";
}

/** The merchant's own type goes before Shopify's taxonomy. */
function pathOf(first: ShopifyRow): readonly string[] {
  const type = first.cell("type");
  return type === "" ? splitPath(first.cell("productCategory")) : [type];
}

/** By name. A product without options has the one option "Title: Default Title", which is none. */
function optionsOf(first: ShopifyRow, row: ShopifyRow): Readonly<Record<string, string>> {
  const options: [string, string][] = [];
  for (const [at, columns] of optionColumns.entries()) {
    const value = row.cell(columns.value);
    const name = row.cell(columns.name) || first.cell(columns.name) || `Option ${at + 1}`;
    if (value !== "" && value !== "Default Title") options.push([name, value]);
  }
  return Object.fromEntries(options);
}

function imagesOf(rows: readonly ShopifyRow[]): readonly { readonly url: string; readonly alt?: string }[] {
  const images = new Map<
    string,
    { readonly url: string; readonly alt?: string; readonly position: number }
  >();
  for (const row of rows) {
    const url = row.cell("image");
    const alt = row.cell("imageAlt");
    const position = Number(row.cell("imagePosition")) || rows.length;
    if (url !== "" && !images.has(url)) images.set(url, { url, ...(alt !== "" && { alt }), position });
  }
  return [...images.values()]
    .sort((a, b) => a.position - b.position)
    .map(({ position: _position, ...image }) => image);
}
