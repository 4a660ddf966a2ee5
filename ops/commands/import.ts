import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { type Command, Option } from "commander";
import type { Catalogue } from "../catalogue.ts";
import type { Config } from "../config.ts";
import { importCategories } from "../import/categories/import-categories.ts";
import type { FeedReader } from "../import/feed/entry.ts";
import { importFeed } from "../import/feed/import-feed.ts";
import { readGoogle } from "../import/google/read-google.ts";
import { importNdjson } from "../import/ndjson/import-ndjson.ts";
import { importOnlineRetail } from "../import/online-retail.ts";
import { createProgress } from "../import/progress.ts";
import { readShopify } from "../import/shopify/read-shopify.ts";
import { Refused } from "../refused.ts";

/** `shelfwire import FORMAT FILES`: which importer a format has, and which of the options it takes. */

export interface ImportOptions {
  readonly dryRun: boolean;
  readonly report?: string;
  readonly currency: string;
  readonly openingStock?: number;
  readonly feed?: string;
  readonly prune: boolean;
  readonly yes: boolean;
}

export interface ImportResult {
  readonly summary: object;
  /** Why the whole of what was asked was not done; the summary stands nevertheless. */
  readonly refused?: string;
}

const feedReaders: Readonly<Record<string, FeedReader>> = { shopify: readShopify, google: readGoogle };
const formats = ["online-retail", "shopify", "google", "categories", "ndjson"] as const;

/** Adds what the command takes; `integer` reads a whole number. */
export function describeImport(command: Command, integer: (text: string) => number): Command {
  return command
    .description("import feeds; running it again publishes only what changed")
    .argument("<format>", formats.join(", "))
    .argument("<files...>", "plain or gzipped")
    .option("--dry-run", "read, compare and count, publish nothing", false)
    .option("--report <path>", "where rejected rows go (default: DATA_DIR/reports)")
    .option("--currency <code>", "ISO 4217, of prices that name no currency", "GBP")
    .addOption(
      new Option(
        "--opening-stock <pieces>",
        "online-retail: fixed opening stock (default: what the file sells)",
      ).argParser(integer),
    )
    .option("--feed <name>", "shopify, google: the feed's name where there are several (default: the format)")
    .option(
      "--prune",
      "shopify, google: discontinue what came by the feed and is in the files no more",
      false,
    )
    .option("--yes", "prune without asking", false);
}

/** What was asked is what `checkImport` accepted. Throws `ImportRefused`, or what the log throws. */
export async function runImport(
  catalogue: Catalogue,
  config: Config,
  format: string,
  files: readonly string[],
  options: ImportOptions,
): Promise<ImportResult> {
  const { dryRun, currency, openingStock, feed = format, report: reportPath } = options;
  const shared = {
    ...catalogue,
    files,
    dryRun,
    currency,
    reportsDir: join(config.dataDir, "reports"),
    ...(reportPath !== undefined && { reportPath }),
    progress: createProgress(process.stderr, () => performance.now()),
  };
  const read = feedReaders[format];
  if (read !== undefined) {
    const confirmPrune = options.prune
      ? (left: number, of: number) => confirm(feed, left, of, options.yes)
      : undefined;
    const summary = await importFeed({
      ...shared,
      read,
      feed,
      now: () => Date.now(),
      ...(confirmPrune !== undefined && { confirmPrune }),
    });
    const { prune } = summary;
    if (prune?.refused === undefined) return { summary };
    return { summary, refused: `${prune.left} products left "${feed}" and stay: ${prune.refused}` };
  }
  if (format === "categories") return { summary: await importCategories(shared) };
  if (format === "ndjson") return { summary: await importNdjson(shared) };
  return {
    summary: await importOnlineRetail({ ...shared, ...(openingStock !== undefined && { openingStock }) }),
  };
}

/** Throws `Refused` for what makes no sense, before any server is looked for. */
export function checkImport(format: string, options: ImportOptions): void {
  if (!formats.some((each) => each === format)) {
    throw new Refused(`there is no format "${format}"; there are ${formats.join(", ")}`);
  }
  const given = { "--prune": options.prune, "--feed": options.feed !== undefined, "--yes": options.yes };
  for (const [option, isGiven] of Object.entries(given)) {
    if (isGiven && feedReaders[format] === undefined) {
      throw new Refused(
        `${option} is for ${Object.keys(feedReaders).join(" and ")}; ${format} has no use for it`,
      );
    }
  }
  if (options.yes && !options.prune) throw new Refused("--yes answers what --prune asks; give both");
  if (options.openingStock !== undefined && format !== "online-retail") {
    throw new Refused(`--opening-stock is for online-retail; ${format} says itself what is in stock`);
  }
}

/** Says how many, and asks where somebody can answer. */
async function confirm(feed: string, left: number, of: number, yes: boolean): Promise<boolean> {
  process.stderr.write(
    `${left} of the ${of} products that came by "${feed}" are not in these files and will be discontinued\n`,
  );
  if (yes) return true;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    process.stderr.write("nobody is there to confirm it: look at the number and run again with --yes\n");
    return false;
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await prompt.question("Go on? [y/N] ");
  prompt.close();
  return /^y(?:es)?$/i.test(answer.trim());
}
