import { basename } from "node:path";
import type { Log } from "../../../streams/log.ts";
import type { LogName } from "../../../streams/subjects.ts";
import { assertReadable, contentHash, countLines, readFeed } from "../feed-file.ts";
import { type Ledger, openLedger } from "../ledger.ts";
import { createOrderedPublisher } from "../ordered-publisher.ts";
import type { Progress } from "../progress.ts";
import { collectPublishedIds } from "../published-ids.ts";
import { createReports } from "../report.ts";
import { isProblem, lineBytesMax, parseEventLine } from "./event-line.ts";
import { readLines } from "./text-lines.ts";

/**
 * `shelfwire import ndjson FILES`: events as they are, a line each, in the order of the lines.
 *
 * Events are news whenever they are published, so here the ledger remembers, by the file's content, up to which
 * line they are. Behind that the log itself knows: ids are made of the content and the line.
 */
export interface NdjsonImportOptions {
  readonly files: readonly string[];
  readonly catalog: Log;
  readonly activity: Log;
  readonly ledger: Log;
  readonly dryRun: boolean;
  readonly reportPath?: string;
  readonly reportsDir: string;
  readonly progress: Progress;
  /** A checkpoint waits for all that is in flight. */
  readonly linesPerCheckpoint?: number;
}

export interface NdjsonSummary {
  readonly files: number;
  /** Lines that hold an event. */
  readonly events: number;
  readonly rejected: number;
  readonly rejectedByReason: Readonly<Record<string, number>>;
  /** Events that this run appended to the log: 0 in a dry run. */
  readonly published: number;
  /** Events that an earlier run had appended. */
  readonly skipped: number;
  readonly reports: readonly string[];
}

const format = "ndjson";
/** What the report shows of a line: an event is smaller, and what is no event may be anything. */
const shownMax = 256 * 1024;

/** Throws `ImportRefused` with one line for the operator, or what the log throws. */
export async function importNdjson(options: NdjsonImportOptions): Promise<NdjsonSummary> {
  const { files, catalog, activity, dryRun, progress, linesPerCheckpoint = 65_536 } = options;
  await assertReadable(files);
  const reports = await createReports(options);
  const reasons = new Map<string, number>();
  const paths = new Set<string>();
  const totals = { files: 0, events: 0, rejected: 0, published: 0, skipped: 0 };

  async function importFile(path: string): Promise<void> {
    const file = basename(path);
    const hash = await contentHash(path);
    const lines = await countLines(path);
    const prefix = `${format}.${hash.slice(0, 32)}.`;
    const ledger = await openLedger(options.ledger, format, hash);
    const { done, already } = await begin(ledger, options, file, prefix);
    const publishers = {
      catalog: createOrderedPublisher(catalog),
      activity: createOrderedPublisher(activity),
    };
    const report = await reports.open(`${file}-${hash.slice(0, 8)}`);

    async function checkpoint(lines_done: number, complete: boolean): Promise<void> {
      for (const publisher of Object.values(publishers)) await publisher.drain();
      const { page } = ledger;
      if (dryRun || page === undefined || page.complete) return;
      const moved = (log: LogName) => ({
        epoch: page[log].epoch,
        sequence: Math.max(page[log].sequence, publishers[log].counts().sequence),
      });
      await ledger.save({ lines_done, complete, catalog: moved("catalog"), activity: moved("activity") });
    }

    progress.begin(file, lines);
    try {
      let checkpointAt = done;
      for await (const batch of readLines(readFeed(path), lineBytesMax)) {
        for (const text of batch) {
          const { line } = text;
          const parsed = parseEventLine(text);
          if (isProblem(parsed)) {
            totals.rejected++;
            reasons.set(parsed.reason, (reasons.get(parsed.reason) ?? 0) + 1);
            report.add({ file, line, ...parsed, row: text.bytes.toString("utf8", 0, shownMax) });
            continue;
          }
          totals.events++;
          const { log, ...event } = parsed;
          const id = `${prefix}${line}`;
          if (line <= done || already.has(id)) totals.skipped++;
          else if (!dryRun) await publishers[log].publish({ ...event, id });
          if (line >= checkpointAt + linesPerCheckpoint) {
            checkpointAt = line;
            await checkpoint(line, false);
          }
        }
        progress.at(batch.at(-1)?.line ?? 0);
        await report.flush();
      }
      await checkpoint(lines, true);
    } finally {
      for (const publisher of Object.values(publishers)) await publisher.settle();
      await report.close();
      progress.end();
    }
    for (const publisher of Object.values(publishers)) {
      const { published, skipped } = publisher.counts();
      totals.published += published;
      totals.skipped += skipped;
    }
    totals.files++;
    paths.add(report.path);
  }

  try {
    for (const path of files) await importFile(path);
  } finally {
    await reports.close();
  }
  return { ...totals, rejectedByReason: Object.fromEntries(reasons), reports: [...paths] };
}

interface Begun {
  /** Events of lines up to this one are published. */
  readonly done: number;
  /** Ids of events of later lines that are published too. */
  readonly already: ReadonlySet<string>;
}

/** Finds where an earlier run ended, or enters the file in the ledger. */
async function begin(
  ledger: Ledger,
  { catalog, activity, dryRun }: NdjsonImportOptions,
  file: string,
  prefix: string,
): Promise<Begun> {
  const { page } = ledger;
  const [facts, acts] = await Promise.all([catalog.bounds(), activity.bounds()]);
  // A page about streams that are no more says nothing about these.
  if (page === undefined || page.catalog.epoch !== facts.epoch || page.activity.epoch !== acts.epoch) {
    const first = {
      file,
      lines_done: 0,
      complete: false,
      catalog: { epoch: facts.epoch, sequence: facts.last },
      activity: { epoch: acts.epoch, sequence: acts.last },
      settings: {},
    };
    if (!dryRun) await ledger.begin(first, []);
    return { done: 0, already: new Set() };
  }
  if (page.complete) return { done: Number.POSITIVE_INFINITY, already: new Set() };
  // A run that is still under way finds its page changed and stops at its next checkpoint.
  if (!dryRun) await ledger.save({});
  const published = await Promise.all([
    collectPublishedIds(catalog, page.catalog.sequence + 1, prefix),
    collectPublishedIds(activity, page.activity.sequence + 1, prefix),
  ]);
  return { done: page.lines_done, already: new Set(published.flatMap((ids) => [...ids])) };
}
