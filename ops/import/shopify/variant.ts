import type { Identifier } from "../../../streams/identifier.ts";
import { gtinOf } from "../../gtin.ts";
import { parseId, parsePieces } from "../feed/fields.ts";
import { parseMoney } from "../feed/money.ts";
import type { FeedPrice } from "../feed/entry.ts";
import type { Problems } from "../feed/problems.ts";
import type { ShopifyRow } from "./columns.ts";

/** What a row says of its own variant. */
export interface Variant {
  readonly id: Identifier | undefined;
  readonly gtin: string | undefined;
  readonly specs: Readonly<Record<string, string | number>>;
  readonly price: FeedPrice | undefined;
  readonly stock: number | undefined;
}

/** `options` are the option values in their order; a price that is left out is the first row's. */
export function variantOf(
  handle: string,
  first: ShopifyRow,
  row: ShopifyRow,
  options: readonly string[],
  currency: string,
  problems: Problems,
): Variant {
  const priced = row.cell("price") === "" ? first : row;
  const quantity = row.cell("quantity");
  // Spreadsheets are told by an apostrophe that digits are text.
  const barcode = row.cell("barcode").replace(/^'/, "");
  const gtin = gtinOf(barcode);
  const grams = Number(row.cell("grams"));
  return {
    id: idOf(handle, row.cell("sku").replace(/^'/, ""), options, problems),
    gtin,
    specs: {
      // What shops print on their own labels is no GTIN, and no mistake.
      ...(barcode !== "" && gtin === undefined && { barcode }),
      ...(grams > 0 && { weight_g: grams }),
    },
    price: priceOf(priced, currency, problems),
    stock: quantity === "" ? undefined : parsePieces(quantity, "inventory quantity", problems),
  };
}

function idOf(
  handle: string,
  sku: string,
  options: readonly string[],
  problems: Problems,
): Identifier | undefined {
  if (sku !== "") return parseId(sku, "SKU", problems);
  return parseId(
    [handle, ...options].join("-"),
    "handle with its option values, as there is no SKU,",
    problems,
  );
}

/** A compare-at price at or below the price strikes nothing through, there as here. */
function priceOf(row: ShopifyRow, currency: string, problems: Problems): FeedPrice | undefined {
  if (row.cell("price") === "") return problems.add("no-price", "there is no price");
  const price = parseMoney(row.cell("price"), "price", currency, problems);
  const compareAt = row.cell("compareAt");
  const list = compareAt === "" ? undefined : parseMoney(compareAt, "compare-at price", currency, problems);
  if (price === undefined) return undefined;
  if (list !== undefined && list.currency !== price.currency) {
    return problems.add(
      "mixed-currencies",
      `the compare-at price is in ${list.currency}, the price in ${price.currency}`,
    );
  }
  return list !== undefined && list.amount > price.amount
    ? { new_price: price, list_price: list }
    : { new_price: price };
}
