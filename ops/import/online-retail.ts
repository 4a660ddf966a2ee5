import { isCurrency } from "../../streams/currency.ts";
import type { Log } from "../../streams/log.ts";
import { assertReadable } from "./feed-file.ts";
import { ImportRefused } from "./import-refused.ts";
import type { Progress } from "./progress.ts";
import { createReports } from "./report.ts";
import { importFile } from "./retail/import-file.ts";
import { createImportTally, type ImportSummary } from "./retail/import-tally.ts";

/**
 * `shelfwire import online-retail FILES`: invoice lines of an online shop as products, prices, stock and
 * orders. Files are taken in the order given; each is imported once, however often it is given or cut short.
 */
export interface OnlineRetailOptions {
  readonly files: readonly string[];
  readonly catalog: Log;
  readonly activity: Log;
  readonly ledger: Log;
  /** Reads and counts, and publishes nothing, neither events nor checkpoints. Rejected rows are reported. */
  readonly dryRun: boolean;
  /** Fixed opening stock of products without any; default: as much as the file sells. */
  readonly openingStock?: number;
  /** One report for all files; default: one for each, in `reportsDir`. */
  readonly reportPath?: string;
  readonly reportsDir: string;
  /** ISO 4217, of every price in the files. Default GBP. */
  readonly currency?: string;
  readonly progress: Progress;
  /** A checkpoint waits for all that is in flight; the default makes that wait small beside its lines. */
  readonly linesPerCheckpoint?: number;
}

/**
 * Throws `ImportRefused` with one line for the operator, or what the log throws when it stays away for
 * longer than an append may take; whatever was thrown, the same call goes on from there.
 */
export async function importOnlineRetail(options: OnlineRetailOptions): Promise<ImportSummary> {
  const { files, openingStock, reportPath, currency = "GBP", linesPerCheckpoint = 16_384 } = options;
  if (openingStock !== undefined && !(Number.isSafeInteger(openingStock) && openingStock >= 0)) {
    throw new ImportRefused(`the opening stock is ${openingStock}: give a whole number of pieces, 0 or more`);
  }
  if (!isCurrency(currency))
    throw new ImportRefused(`"${currency}" is no currency: give an ISO 4217 code such as GBP`);
  await assertReadable(files);
  const reports = await createReports({ reportPath, reportsDir: options.reportsDir });
  const tally = createImportTally();
  const run = {
    ...options,
    settings: { currency, openingStock },
    linesPerCheckpoint,
    tally,
    imagined: new Map(),
    openReport: (file: string, hash: string) => reports.open(`${file}-${hash.slice(0, 8)}`),
  };
  try {
    for (const file of files) await importFile(file, run);
  } finally {
    await reports.close();
  }
  return tally.summary();
}
