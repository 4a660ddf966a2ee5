import { parsePayload } from "../../../streams/events.ts";
import type { Log } from "../../../streams/log.ts";
import { categoriesOf } from "./category-path.ts";
import type { FeedProduct } from "./entry.ts";
import { detailsFact, namedCategoryFact, priceFact, stockFact } from "./facts.ts";
import type { FeedEvents, FeedTally } from "./feed-tally.ts";
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
  const settle = createSettle(catalog, dryRun);
  const sales = createFeedSales(catalog, feed, settle, now);
  const categories = new Map<string, Promise<void>>();
  /** A feed is mostly all new or mostly all known: what the last product was, the next one will be. */
  let expectNew = true;

  async function count(what: FeedEvents, settling: Promise<Settled>): Promise<Settled> {
    const settled = await settling;
    if (settled.published) tally.event(what);
    return settled;
  }

  /** A category is there before the first product that it lists, and its parent before it. */
  function ensureCategories(path: readonly string[]): Promise<void> {
    const key = path.join("\n");
    let ensured = categories.get(key);
    if (ensured === undefined) {
      ensured = (async () => {
        if (path.length > 0) await ensureCategories(path.slice(0, -1));
        const category = categoriesOf(feed, path).at(-1);
        if (category !== undefined) await count("categories", settle(namedCategoryFact(category), true));
      })();
      categories.set(key, ensured);
    }
    return ensured;
  }

  async function run({ id, path, price, stock, sale }: FeedProduct, document: Buffer): Promise<void> {
    await ensureCategories(path);
    const details = await count("documents", settle(detailsFact(id, document, feed), expectNew));
    const isNew = !details.known;
    expectNew = isNew;
    const others: Promise<Settled>[] = [];
    if (price !== undefined) others.push(count("prices", settle(priceFact(id, price), isNew)));
    if (stock !== undefined) others.push(count("stocks", settle(stockFact(id, stock, feed), isNew)));
    if (sale !== undefined) others.push(count("sales", sales.settle(id, sale, isNew)));
    const settled = [details, ...(await Promise.all(others))];
    if (!settled.some(({ published }) => published)) tally.unchanged();
  }

  return {
    take(product) {
      const { details, path } = product;
      const document = bytesOf({ ...details, category_ids: [categoriesOf(feed, path).at(-1)?.id] });
      const parsed = parsePayload("product.modified", document);
      return "reason" in parsed ? { problem: parsed.reason } : () => run(product, document);
    },
  };
}
