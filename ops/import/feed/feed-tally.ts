/** What an import of product feeds or of a category tree did, over all its files. */
export interface FeedSummary {
  readonly files: number;
  /** Products or categories that the files describe in a usable way. */
  readonly entries: number;
  /** Entries of which everything was in the log already. */
  readonly unchanged: number;
  /** Events by what they say; in a dry run, those that would be published. */
  readonly documents: number;
  readonly prices: number;
  readonly stocks: number;
  readonly sales: number;
  readonly categories: number;
  readonly rejected: number;
  readonly rejectedByReason: Readonly<Record<string, number>>;
  /** Events that this run appended to the log: 0 in a dry run. */
  readonly published: number;
  /** Only where the operator asked to prune. */
  readonly prune?: PruneSummary;
  /** Where the rejected rows stand. */
  readonly reports: readonly string[];
}

export interface PruneSummary {
  /** Active products that came by the feed and are not in its files. */
  readonly left: number;
  /** Products that ever came by the feed. */
  readonly of: number;
  readonly discontinued: number;
  /** Why nothing was discontinued although some left. */
  readonly refused?: string;
}

/** Under which count an event goes. */
const countOf = {
  "product.modified": "documents",
  "price.updated": "prices",
  "inventory.changed": "stocks",
  "sale.scheduled": "sales",
  "sale.cancelled": "sales",
  "category.modified": "categories",
} as const;

export type FeedEvent = keyof typeof countOf;

export interface FeedTally {
  file(report: string): void;
  entry(): void;
  unchanged(): void;
  event(kind: FeedEvent): void;
  reject(reason: string): void;
  summary(dryRun: boolean, prune?: PruneSummary): FeedSummary;
}

export function createFeedTally(): FeedTally {
  const counts = { files: 0, entries: 0, unchanged: 0 };
  const events = { documents: 0, prices: 0, stocks: 0, sales: 0, categories: 0 };
  const reports = new Set<string>();
  const reasons = new Map<string, number>();
  let rejected = 0;
  return {
    file(report) {
      counts.files++;
      reports.add(report);
    },
    entry() {
      counts.entries++;
    },
    unchanged() {
      counts.unchanged++;
    },
    event(kind) {
      events[countOf[kind]]++;
    },
    reject(reason) {
      rejected++;
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    },
    summary: (dryRun, prune) => ({
      ...counts,
      ...events,
      rejected,
      rejectedByReason: Object.fromEntries(reasons),
      published: dryRun
        ? 0
        : Object.values(events).reduce((sum, count) => sum + count, prune?.discontinued ?? 0),
      ...(prune !== undefined && { prune }),
      reports: [...reports],
    }),
  };
}
