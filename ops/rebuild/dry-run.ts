import type { Log } from "../../streams/log.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { allPartitions } from "../../streams/partition.ts";
import { foldTree } from "../../projections/categories.ts";
import type { ReadModel } from "../../projections/read-model.ts";
import { type CatalogueFold, createCatalogueFold } from "../../projections/rebuild/catalogue-fold.ts";
import { createReplacing } from "../../projections/redis/replacing.ts";
import type { RedisConnection } from "../../projections/redis/connection.ts";
import type { Versions } from "../../projections/version.ts";
import { type Changes, changesBetween } from "./changes.ts";
import { type ChangedProduct, compareProducts } from "./compare.ts";
import { untilReached } from "../verify/verify.ts";
import { follow } from "./follow.ts";
import { createMeter, type RebuildProgress } from "./meter.ts";
import { positionsOf } from "./positions.ts";
import { inMemory } from "./slices.ts";

/**
 * `shelfwire rebuild --dry-run`: what a rebuild would change. Folds the log as a rebuild does, in the same
 * slices, and writes nothing. Throws `VerifyImpossible` where no projector brings the read models to the end of
 * the log.
 */
export interface DryRunOptions {
  readonly catalog: Log;
  readonly readModel: ReadModel;
  readonly redis: RedisConnection;
  readonly versions: Versions;
  readonly memoryBytes: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onChange: (change: ChangedProduct | ChangedCategory) => void;
  readonly onProgress: (progress: RebuildProgress) => void;
}

export interface ChangedCategory {
  readonly category: Identifier;
  readonly changes: Changes;
}

export interface DryRunReport {
  /** The log was folded up to here. */
  readonly head: number;
  readonly products: number;
  readonly changed: number;
  /** How many products or categories change in each field. */
  readonly fields: Readonly<Record<string, number>>;
}

export async function dryRun(options: DryRunOptions): Promise<DryRunReport> {
  const { catalog, readModel, versions, memoryBytes, now, onChange } = options;
  const { last: head } = await catalog.bounds();
  const { rowCount } = createReplacing(options.redis);
  const standing = await positionsOf(readModel, versions, allPartitions);
  const slices = await inMemory({ rowCount, memoryBytes }, [...standing.keys()]);
  const meter = createMeter({
    messages: slices.length * head,
    products: 0,
    clock: () => performance.now(),
    onProgress: options.onProgress,
  });
  const fields: Record<string, number> = {};
  let products = 0;
  let changed = 0;
  const report = (change: ChangedProduct | ChangedCategory): void => {
    changed++;
    for (const field of Object.keys(change.changes)) fields[field] = (fields[field] ?? 0) + 1;
    onChange(change);
  };
  for (const [place, slice] of slices.entries()) {
    const fold = createCatalogueFold(new Set(slice));
    const follower = follow({ catalog, fold, onFolded: meter.folded, onRefused: async () => {} });
    try {
      await follower.foldTo(head);
    } finally {
      await follower.close();
    }
    // What the projectors have not come to yet is no difference of the folds.
    await untilReached({ readModel, versions }, head);
    if (place === 0) for (const change of await compareTree(fold, readModel)) report(change);
    for await (const change of compareProducts({ fold, readModel, versions, now })) report(change);
    products += fold.products.size;
  }
  return { head, products, changed, fields };
}

async function compareTree(fold: CatalogueFold, readModel: ReadModel): Promise<readonly ChangedCategory[]> {
  const { events } = await readModel.readCategoryEvents();
  const standing = foldTree(events.filter(({ sequence }) => sequence <= fold.sequence));
  return [...new Set([...standing.keys(), ...fold.tree.keys()])].flatMap((category) => {
    const changes = changesBetween("category", standing.get(category), fold.tree.get(category));
    return Object.keys(changes).length > 0 ? [{ category, changes }] : [];
  });
}
