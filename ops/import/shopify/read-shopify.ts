import type { FeedEntry, FeedRejection, FeedSource } from "../feed/entry.ts";
import { isFeedRow, readFeedRows } from "../feed/feed-rows.ts";
import { shopifyLayout, type ShopifyRow } from "./columns.ts";
import { productsOf } from "./product.ts";

/**
 * A product export of Shopify, in either generation of headings.
 *
 * The rows of one product stand together under its handle: the first describes it, further ones add variants
 * or images. So one product is held at a time.
 */

/** Shopify itself allows 2,048 variants and 250 images. */
const rowsMax = 5_000;

export async function* readShopify(source: FeedSource): AsyncGenerator<readonly FeedEntry[]> {
  let handle = "";
  let rows: ShopifyRow[] = [];
  const close = (): readonly FeedEntry[] => {
    const [first, ...others] = rows;
    rows = [];
    return first === undefined ? [] : productsOf(handle, [first, ...others], source.currency);
  };
  for await (const batch of readFeedRows(source, shopifyLayout)) {
    const entries: FeedEntry[] = [];
    for (const row of batch) {
      if (!isFeedRow(row)) {
        entries.push(row);
        continue;
      }
      const named = row.cell("handle");
      if (named === "") {
        entries.push(reject(row, "no-handle", "there is no handle"));
        continue;
      }
      if (named !== handle) {
        entries.push(...close());
        handle = named;
      }
      if (rows.length < rowsMax) rows.push(row);
      else entries.push(reject(row, "too-many-rows", `"${handle}" has more than ${rowsMax} rows`));
    }
    yield entries;
  }
  yield close();
}

function reject({ line, raw }: ShopifyRow, reason: string, detail: string): FeedRejection {
  return { line, row: raw, reason, detail, about: undefined };
}
