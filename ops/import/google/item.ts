import { splitPath } from "../feed/category-path.ts";
import type { FeedEntry, FeedStock } from "../feed/entry.ts";
import { parseId, parsePieces } from "../feed/fields.ts";
import { textOfHtml } from "../feed/html-text.ts";
import { createProblems, type Problems } from "../feed/problems.ts";
import { gtinOf } from "../../gtin.ts";
import { type Attribute, type Attributes, variantAttributes } from "./attributes.ts";
import { pricesOf } from "./prices.ts";

/** One item of a Merchant feed as a product, whichever format it came in. */
export function productOf(
  attributes: Attributes,
  row: { readonly line: number; readonly raw: string },
  currency: string,
): FeedEntry {
  const problems = createProblems();
  const value = (name: Attribute) => attributes.get(name)?.[0] ?? "";
  const texts = (names: readonly Attribute[]) =>
    Object.fromEntries(names.map((name) => [name, value(name)]).filter(([, text]) => text !== ""));

  const id = parseId(value("id"), "id", problems);
  const title = value("title");
  if (title === "") problems.add("no-title", "there is no title");
  const group =
    value("item_group_id") === "" ? undefined : parseId(value("item_group_id"), "item_group_id", problems);
  const { price, sale } = pricesOf(value, currency, problems);
  const stock = stockOf(value, problems);
  const gtin = gtinOf(value("gtin"));
  if (gtin === undefined && value("gtin") !== "") {
    problems.add(
      "bad-gtin",
      `the gtin "${value("gtin")}" has not 8, 12, 13 or 14 digits, or its check digit is wrong`,
    );
  }
  if (problems.any || id === undefined) return problems.rejection(row, id);

  const description = textOfHtml(value("description"));
  const urls = [...(attributes.get("image_link") ?? []), ...(attributes.get("additional_image_link") ?? [])];
  const notYet = ["preorder", "backorder"].includes(availabilityOf(value));
  return {
    id,
    line: row.line,
    row: row.raw,
    path: pathOf(value),
    price,
    stock,
    sale,
    details: {
      title,
      ...(description !== "" && { description }),
      ...(value("brand") !== "" && { brand: value("brand") }),
      ...(gtin !== undefined && { gtin }),
      status: "active",
      images: [...new Set(urls)].map((url) => ({ url })),
      specs: {
        ...texts(["mpn", "condition", "size_system", "size_type"]),
        ...(group === undefined && texts(variantAttributes)),
        ...(notYet && texts(["availability", "availability_date"])),
      },
      ...(group !== undefined && { group_id: group, options: texts(variantAttributes) }),
    },
  };
}

const availabilityOf = (value: (name: Attribute) => string) =>
  value("availability").toLowerCase().replaceAll(" ", "_");

/**
 * What is not in stock is 0 pieces whatever the quantity says, so that nothing is sold that is not there. What
 * can only be ordered ahead has the pieces that the feed allots to it.
 */
function stockOf(value: (name: Attribute) => string, problems: Problems): FeedStock | undefined {
  const text = value("quantity") || value("sell_on_google_quantity");
  const quantity = text === "" ? undefined : parsePieces(text, "quantity", problems);
  const availability = availabilityOf(value);
  switch (availability) {
    case "":
      return quantity;
    case "in_stock":
      return quantity ?? "some";
    case "preorder":
    case "backorder":
      return quantity ?? 0;
    case "out_of_stock":
      return 0;
    default:
      return problems.add(
        "bad-availability",
        `the availability "${availability}" is none of in_stock, out_of_stock, preorder, backorder`,
      );
  }
}

/** The merchant's own type goes before Google's taxonomy, which may be named by a bare number. */
function pathOf(value: (name: Attribute) => string): readonly string[] {
  const type = splitPath(value("product_type"));
  if (type.length > 0) return type;
  const category = value("google_product_category");
  return /^\d+$/.test(category) ? [`Google product category ${category}`] : splitPath(category);
}
