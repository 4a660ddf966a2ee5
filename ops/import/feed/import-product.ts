import { parsePayload } from "../../../streams/events.ts";
import type { Identifier } from "../../../streams/identifier.ts";
import type { Log } from "../../../streams/log.ts";
import { pathCategory } from "./category-path.ts";
import type { FeedProduct } from "./entry.ts";
import { detailsFact, namedCategoryFact, priceFact, stockFact } from "./facts.ts";
import type { FeedTally } from "./feed-tally.ts";
import { createFeedSales } from "./sale.ts";
import { bytesOf, createSettle, type Settled } from "./settle.ts";

/** One product of a feed, from what its row says to what the log holds. */
export interface ProductImport {
  /**
   * The work that makes the product true in the log, to be done beside that of other products; or why it
   * cannot be an event. Its promise is rejected with what the log throws.
   */
  take(product: FeedProduct): (() => Promise<void>) | { readonly problem: string };
}

export interface ProductImportOptions {
  readonly catalog: Log;
  readonly feed: string;
  readonly dryRun: boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly tally: FeedTally;
}

export function createProductImport(options: ProductImportOptions): ProductImport {
  const { catalog, feed, dryRun, now, tally } = options;
  const settle = createSettle(catalog, dryRun, tally.event);
  const sales = createFeedSales(catalog, feed, settle, now);
  /** By path, each published once. */
  const categories = new Map<string, FeedCategory>();
  /** A feed is mostly all new or mostly all known: what the last product was, the next one will be. */
  let expectNew = true;

  /** A category is there before the first product that it lists, and its parent before it. */
  function categoryOf(path: readonly string[]): FeedCategory {
    const key = path.join("\n");
    const known = categories.get(key);
    if (known !== undefined) return known;
    const above = path.length === 0 ? undefined : categoryOf(path.slice(0, -1));
    const category = pathCategory(feed, path, above?.id ?? null);
    const ensured = (async () => {
      await above?.ensured;
      await settle(namedCategoryFact(category), true);
    })();
    // Its failure surfaces at the products that wait for it.
    ensured.catch(() => {});
    const made = { id: category.id, ensured };
    categories.set(key, made);
    return made;
  }

  async function run(product: FeedProduct, category: FeedCategory, document: Buffer): Promise<void> {
    const { id, price, stock, sale } = product;
    await category.ensured;
    const details = await settle(detailsFact(id, document, feed), expectNew);
    const isNew = !details.known;
    expectNew = isNew;
    const others: Promise<Settled>[] = [];
    if (price !== undefined) others.push(settle(priceFact(id, price), isNew));
    if (stock !== undefined) others.push(settle(stockFact(id, stock, feed), isNew));
    if (sale !== undefined) others.push(sales.settle(id, sale, isNew));
    const settled = await Promise.all(others);
    if (!details.published && !settled.some(({ published }) => published)) tally.unchanged();
  }

  return {
    take(product) {
      const category = categoryOf(product.path);
      const document = bytesOf({ ...product.details, category_ids: [category.id] });
      const parsed = parsePayload("product.modified", document);
      return "reason" in parsed ? { problem: parsed.reason } : () => run(product, category, document);
    },
  };
}

interface FeedCategory {
  readonly id: Identifier;
  readonly ensured: Promise<void>;
}
