import { basename } from "node:path";
import type { StoredMessage, Log } from "../../../streams/log.ts";
import { eventOf } from "../feed/facts.ts";
import { createFeedTally, type FeedSummary } from "../feed/feed-tally.ts";
import { bytesOf, createSettle, type Fact } from "../feed/settle.ts";
import { assertReadable, countLines, readFeed } from "../feed-file.ts";
import { createInFlight } from "../in-flight.ts";
import type { Progress } from "../progress.ts";
import { createReports } from "../report.ts";
import { readJsonObjects } from "./json-objects.ts";
import { createTreeReading, type TreeCategory } from "./tree.ts";

/**
 * `shelfwire import categories FILES`: a tree, made true in the log. It may be cut short anywhere and run
 * again, or run twice: what the log says already is not published.
 *
 * A tree is held as a whole, as it is wherever it is read. It is published level by level from the roots, each
 * level acknowledged before the next is begun: so no category is ever below itself on the way from an older
 * tree to this one, and nothing of it goes to quarantine.
 */
export interface CategoriesImportOptions {
  readonly files: readonly string[];
  readonly catalog: Log;
  readonly dryRun: boolean;
  readonly reportPath?: string;
  readonly reportsDir: string;
  readonly progress: Progress;
}

const inFlightMax = 256;

/** Throws as `importFeed` does. */
export async function importCategories(options: CategoriesImportOptions): Promise<FeedSummary> {
  const { files, catalog, dryRun, progress } = options;
  await assertReadable(files);
  const tally = createFeedTally();
  const settle = createSettle(catalog, dryRun, tally.event);
  const inFlight = createInFlight(inFlightMax);
  const reports = await createReports(options);
  let expectNew = true;

  async function settleCategory(category: TreeCategory): Promise<void> {
    const { published, known } = await settle(categoryFact(category), expectNew);
    expectNew = !known;
    if (!published) tally.unchanged();
  }

  async function importFile(path: string, number: number): Promise<void> {
    const file = basename(path);
    const tree = createTreeReading();
    const report = await reports.open(number === 0 ? file : `${file}-${number + 1}`);
    progress.begin(file, await countLines(path));
    try {
      for await (const objects of readJsonObjects(readFeed(path), file)) {
        for (const object of objects) tree.take(object);
        progress.at(objects.at(-1)?.line ?? 0);
      }
      const levels = tree.levels();
      for (const { row, ...problem } of tree.problems) {
        tally.reject(problem.reason);
        report.add({ file, ...problem, row });
      }
      for (const level of levels) {
        for (const category of level) {
          tally.entry();
          if (!inFlight.begin(() => settleCategory(category))) await inFlight.room();
        }
        await inFlight.drain();
      }
    } finally {
      await inFlight.settle();
      await report.close();
      progress.end();
    }
    tally.file(report.path);
  }

  try {
    for (const [number, path] of files.entries()) await importFile(path, number);
  } finally {
    await reports.close();
  }
  return tally.summary(dryRun);
}

function categoryFact({ id, name, parent_id, position }: TreeCategory): Fact {
  return {
    kind: "category.modified",
    id,
    payload: bytesOf({ name, parent_id, ...(position !== undefined && { position }) }),
    holds(last: StoredMessage) {
      const data = eventOf("category.modified", last)?.data;
      return (
        data?.name === name &&
        (data.parent_id ?? null) === parent_id &&
        (position === undefined || data.position === position)
      );
    },
  };
}
