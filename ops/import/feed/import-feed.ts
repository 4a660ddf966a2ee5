import { basename } from "node:path";
import { isCurrency } from "../../../streams/currency.ts";
import type { Log } from "../../../streams/log.ts";
import { assertReadable, countLines } from "../feed-file.ts";
import { ImportRefused } from "../import-refused.ts";
import { createInFlight } from "../in-flight.ts";
import type { Progress } from "../progress.ts";
import { createReports } from "../report.ts";
import { type FeedEntry, type FeedReader, type FeedRejection, isRejection } from "./entry.ts";
import { createFeedTally, type FeedSummary } from "./feed-tally.ts";
import { createProductImport } from "./import-product.ts";
import { prune } from "./prune.ts";
import { createSeen } from "./seen.ts";

/**
 * `shelfwire import shopify|google FILES`: what product feeds say, made true in the log. The files together are
 * the feed, as it now is. It may be cut short anywhere and run again, or run twice: what the log says already
 * is not published (settle.ts).
 */
export interface FeedImportOptions {
  readonly files: readonly string[];
  readonly read: FeedReader;
  /** Names the feed where a shop has several of one format: its categories, its sales, and what it may prune. */
  readonly feed: string;
  readonly catalog: Log;
  /** Reads, compares and counts, and publishes nothing. Rejected rows are reported. */
  readonly dryRun: boolean;
  /** ISO 4217, of prices that name no currency. */
  readonly currency: string;
  /** One report for all files; default: one for each, in `reportsDir`. */
  readonly reportPath?: string;
  readonly reportsDir: string;
  readonly progress: Progress;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Given, what left the feed is discontinued once this says so. */
  readonly confirmPrune?: (left: number, of: number) => Promise<boolean>;
}

/** Products under way. As many appends are in flight: most wait for their document, or for room. */
const productsInFlightMax = 512;

/**
 * Throws `ImportRefused` with one line for the operator, or what the log throws when it stays away for longer
 * than an append may take.
 */
export async function importFeed(options: FeedImportOptions): Promise<FeedSummary> {
  const { files, feed, currency, dryRun, confirmPrune } = options;
  if (!isCurrency(currency))
    throw new ImportRefused(`"${currency}" is no currency: give an ISO 4217 code such as GBP`);
  if (!/^[A-Za-z0-9_-]{1,40}$/.test(feed)) {
    throw new ImportRefused(`"${feed}" cannot name a feed: use 1 to 40 of A-Z a-z 0-9 _ -`);
  }
  await assertReadable(files);
  const tally = createFeedTally();
  const products = createProductImport({ ...options, tally });
  const inFlight = createInFlight(productsInFlightMax);
  const seen = createSeen();
  /** A product whose row is broken has not left the feed, and a good row of it may follow. */
  const broken = createSeen();
  const reports = await createReports(options);
  let unreadable = 0;

  async function importFile(path: string, number: number): Promise<void> {
    const file = basename(path);
    const lines = await countLines(path);
    // Files of one name from two folders have reports of their own.
    const report = await reports.open(number === 0 ? file : `${file}-${number + 1}`);
    const reject = ({ about, ...row }: FeedRejection) => {
      if (about === undefined) unreadable++;
      else broken.add(about, number, row.line);
      tally.reject(row.reason);
      report.add({ file, ...row });
    };
    /** False: wait for room. */
    const take = (entry: FeedEntry): boolean => {
      if (isRejection(entry)) {
        reject(entry);
        return true;
      }
      const { id, line, row } = entry;
      const earlier = seen.add(id, number, line);
      if (earlier !== undefined) {
        const where = `${basename(files[earlier.file] ?? "")}, line ${earlier.line}`;
        reject({
          line,
          row,
          about: id,
          reason: "duplicate-id",
          detail: `"${id}" stands in ${where} already`,
        });
        return true;
      }
      const work = products.take(entry);
      if (typeof work === "function") {
        tally.entry();
        return inFlight.begin(work);
      }
      reject({ line, row, about: id, reason: "impossible-product", detail: work.problem });
      return true;
    };
    options.progress.begin(file, lines);
    try {
      for await (const entries of options.read({ path, file, currency })) {
        for (const entry of entries) if (!take(entry)) await inFlight.room();
        options.progress.at(entries.at(-1)?.line ?? 0);
        await report.flush();
      }
      await inFlight.drain();
      options.progress.at(lines);
    } finally {
      await inFlight.settle();
      await report.close();
      options.progress.end();
    }
    tally.file(report.path);
  }

  try {
    for (const [number, path] of files.entries()) await importFile(path, number);
  } finally {
    await reports.close();
  }
  if (confirmPrune === undefined) return tally.summary(dryRun);
  const doubt =
    unreadable > 0
      ? `${unreadable} rows could not be read so far as to say which products they are: mend them first`
      : seen.size + broken.size === 0
        ? "the files hold no product at all"
        : undefined;
  const isPresent = (id: string) => seen.has(id) || broken.has(id);
  const pruned = await prune({ ...options, isPresent, doubt, confirm: confirmPrune });
  return tally.summary(dryRun, pruned);
}
