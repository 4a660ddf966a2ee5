import { announcingAll } from "../../projections/announcing.ts";
import type { Catalogue } from "../catalogue.ts";
import type { Logger } from "../logger.ts";
import { type DryRunReport, dryRun } from "../rebuild/dry-run.ts";
import type { RebuildProgress } from "../rebuild/meter.ts";
import { createProgressView, timeText } from "../rebuild/progress.ts";
import { type RebuildReport, rebuild } from "../rebuild/rebuild.ts";
import { Refused } from "../refused.ts";

/**
 * `shelfwire rebuild`: makes the read models anew from the log with this version's folds, while they are read;
 * with `--dry-run` it says what would change.
 */
export interface RebuildCommandOptions {
  readonly dryRun: boolean;
  /** What one pass may hold in memory, in MiB. */
  readonly memory: number;
  readonly json: boolean;
  readonly print: (value: object) => void;
}

export async function rebuildCommand(
  catalogue: Catalogue,
  logger: Logger,
  options: RebuildCommandOptions,
): Promise<RebuildReport | DryRunReport> {
  const { json, print } = options;
  const view = createProgressView(
    process.stderr,
    () => performance.now(),
    (progress) => (json ? print(progressLine(progress)) : logger.info(progressText(progress))),
  );
  const shared = {
    ...catalogue,
    readModel: announcingAll(catalogue.readModel, catalogue.changes),
    versions: catalogue.versions.catalog,
    memoryBytes: options.memory * 2 ** 20,
    now: () => Date.now(),
    onProgress: view.show,
  };
  const session = catalogue.readModel.session();
  try {
    if (options.dryRun) return await dryRun({ ...shared, onChange: print });
    const report = await rebuild({ ...shared, journal: logger });
    if (report.left > 0) {
      logger.warn(
        { partitions: report.left },
        "older software took partitions back: run this again without it",
      );
    }
    return report;
  } catch (error) {
    if (catalogue.readModel.session() === session) throw error;
    throw new Refused("the link to Redis broke: run this again, it goes on with what is left", {
      cause: error,
    });
  } finally {
    view.end();
  }
}

function progressLine({ done, messages, products, secondsLeft }: RebuildProgress): object {
  return { done: Number(done.toFixed(3)), messages, products, seconds_left: secondsLeft ?? null };
}

function progressText({ done, products, secondsLeft }: RebuildProgress): string {
  return `rebuild: ${Math.floor(100 * done)} %, ${products} products, ${timeText(secondsLeft)} left`;
}
