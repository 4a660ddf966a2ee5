import { basename } from "node:path";
import type { Identifier } from "../../../streams/identifier.ts";
import { contentHash } from "../feed-file.ts";
import type { Progress } from "../progress.ts";
import { createPublisher } from "../publisher.ts";
import type { Report } from "../report.ts";
import { ensureCategory } from "./category.ts";
import type { FeedEvent } from "./feed-event.ts";
import type { ImportTally } from "./import-tally.ts";
import type { Rejection } from "./invoice-line.ts";
import { createRetailFeed } from "./retail-feed.ts";
import { type RetailRow, readRetailRows } from "./retail-rows.ts";
import type { Standing } from "./standing.ts";
import { format, type ImportContext, idPrefix, startImport } from "./start.ts";
import { type Survey, survey } from "./survey.ts";

/**
 * One file, from its bytes to the log, such that it may stop at any instruction and be run again.
 *
 * Three passes read it: for its hash, for the survey, and to publish. The last one always begins at the
 * first line, because prices and stock are running values; up to the ledger's checkpoint it only computes.
 * What an earlier run published behind the checkpoint stands in the logs behind the recorded positions and
 * is left out by its message id. A file that was imported to its end is read in the same way, and nothing
 * is left to publish.
 */

export interface FileImport extends ImportContext {
  readonly progress: Progress;
  readonly tally: ImportTally;
  readonly linesPerCheckpoint: number;
  readonly openReport: (file: string, hash: string) => Promise<Report>;
  /** In a dry run, what the files before this one would have left in the catalogue. */
  readonly imagined: Map<Identifier, Standing>;
}

export async function importFile(path: string, run: FileImport): Promise<void> {
  const { dryRun, tally, progress } = run;
  const file = basename(path);
  const hash = await contentHash(path);
  const start = await startImport(run, file, hash);
  const { products, lines } = await surveyFile(path, start.settings.currency);
  tally.products(products.keys());
  if (!dryRun && start.state !== "complete") {
    const category = await ensureCategory(run.catalog);
    tally.published(category.published, 0);
  }

  const { base, linesDone, already, save } = await start.enter(products.keys(), run.imagined);
  const feed = createRetailFeed(products, base, start.settings, `${format} import ${hash.slice(0, 8)}`);
  const publisher = createPublisher(already);
  const prefix = idPrefix(hash);
  let computedOnly = 0;

  /** False: the publisher is full. */
  function emit(event: FeedEvent, line: number): boolean {
    tally.event(event);
    if (line <= linesDone) {
      computedOnly++;
      return true;
    }
    if (dryRun) return true;
    return publisher.offer({
      log: event.kind === "order.placed" ? run.activity : run.catalog,
      subject: event.subject,
      id: prefix + event.name,
      payload: Buffer.from(JSON.stringify(event.payload)),
    });
  }

  const report = await run.openReport(file, hash);
  const reject = ({ line, raw }: RetailRow["row"], { reason, detail }: Rejection) => {
    tally.reject(reason);
    report.add({ file, line, reason, detail, row: raw });
  };
  progress.begin(file, lines);
  try {
    let checkpoint = linesDone;
    let reached = 0;
    for await (const rows of readRetailRows(path, start.settings.currency)) {
      for (const each of rows) {
        const { line } = each.row;
        if ("rejection" in each) {
          reject(each.row, each.rejection);
        } else {
          const { events, rejection } = feed.take(each.line);
          if (rejection !== undefined) reject(each.row, rejection);
          for (const event of events) if (!emit(event, line)) await publisher.room();
        }
        if (!dryRun && line >= checkpoint + run.linesPerCheckpoint) {
          checkpoint = line;
          await publisher.drain();
          await save(line, false, publisher.counts().sequences);
        }
      }
      tally.lines(rows.length);
      reached = rows.at(-1)?.row.line ?? reached;
      progress.at(reached);
      await report.flush();
    }
    for (const event of feed.end()) {
      if (!emit(event, Number.POSITIVE_INFINITY)) await publisher.room();
    }
    await publisher.drain();
    if (!dryRun && start.state !== "complete") await save(lines, true, publisher.counts().sequences);
  } finally {
    await publisher.settle();
    await report.close();
    progress.end();
  }
  const { published, skipped } = publisher.counts();
  tally.published(published, skipped + computedOnly);
  tally.file(report.path);
  if (dryRun && start.state !== "complete") {
    for (const [product, { price, stock, title, titleAt }] of feed.standing()) {
      run.imagined.set(product, { price, stock, title, titleAt });
    }
  }
}

async function surveyFile(path: string, currency: string): Promise<{ products: Survey; lines: number }> {
  const products: Survey = new Map();
  let lines = 0;
  for await (const rows of readRetailRows(path, currency)) {
    for (const each of rows) if ("line" in each) survey(products, each.line);
    lines = rows.at(-1)?.row.line ?? lines;
  }
  return { products, lines };
}
