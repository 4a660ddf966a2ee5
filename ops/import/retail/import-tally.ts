import type { FeedEvent } from "./feed-event.ts";
import type { RejectionReason } from "./invoice-line.ts";

/** What an import did, over all its files. */
export interface ImportSummary {
  readonly files: number;
  /** Rows read, without headers and blank lines. */
  readonly lines: number;
  /** Stock codes with at least one usable line. */
  readonly products: number;
  /** Documents of new products and of those described anew. */
  readonly titles: number;
  readonly prices: number;
  readonly openings: number;
  /** Moves of stock by sales and returns; opening stock is counted apart. */
  readonly stockMoves: number;
  readonly orders: number;
  readonly rejected: number;
  readonly rejectedByReason: Readonly<Partial<Record<RejectionReason, number>>>;
  /** Events that this run appended to the log: 0 in a dry run. */
  readonly published: number;
  /** Events that an earlier run had appended. */
  readonly skipped: number;
  /** Where the rejected rows stand. */
  readonly reports: readonly string[];
}

export interface ImportTally {
  file(report: string): void;
  lines(count: number): void;
  products(products: Iterable<string>): void;
  event(event: FeedEvent): void;
  reject(reason: RejectionReason): void;
  published(published: number, skipped: number): void;
  summary(): ImportSummary;
}

export function createImportTally(): ImportTally {
  const counts = { files: 0, lines: 0, titles: 0, prices: 0, openings: 0, stockMoves: 0, orders: 0 };
  const products = new Set<string>();
  const reports = new Set<string>();
  const reasons = new Map<RejectionReason, number>();
  let rejected = 0;
  let published = 0;
  let skipped = 0;
  return {
    file(report) {
      counts.files++;
      reports.add(report);
    },
    lines(count) {
      counts.lines += count;
    },
    products(more) {
      for (const product of more) products.add(product);
    },
    event({ kind, name }) {
      if (kind === "product.modified") counts.titles++;
      else if (kind === "price.updated") counts.prices++;
      else if (kind === "order.placed") counts.orders++;
      else if (name.endsWith(".opening")) counts.openings++;
      else counts.stockMoves++;
    },
    reject(reason) {
      rejected++;
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    },
    published(more, skippedToo) {
      published += more;
      skipped += skippedToo;
    },
    summary: () => ({
      ...counts,
      products: products.size,
      rejected,
      rejectedByReason: Object.fromEntries(reasons),
      published,
      skipped,
      reports: [...reports],
    }),
  };
}
