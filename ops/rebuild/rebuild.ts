import type { Journal } from "../../streams/journal.ts";
import type { Log } from "../../streams/log.ts";
import { allPartitions } from "../../streams/partition.ts";
import { createParking } from "../../projections/parking.ts";
import type { ReadModel } from "../../projections/read-model.ts";
import { createCatalogueFold } from "../../projections/rebuild/catalogue-fold.ts";
import { createReplacing } from "../../projections/redis/replacing.ts";
import type { RedisConnection } from "../../projections/redis/connection.ts";
import { revisionOf, type Versions } from "../../projections/version.ts";
import { Refused } from "../refused.ts";
import { follow } from "./follow.ts";
import { createMeter, type RebuildProgress } from "./meter.ts";
import { dueAmong, positionsOf } from "./positions.ts";
import { writeAndRaise } from "./raise.ts";
import { inMemory, partitionsLeft } from "./slices.ts";
import type { WriteOptions } from "./write.ts";

/**
 * `shelfwire rebuild`: makes the read models anew, in place, while they are read and while events go on
 * (docs/rebuild.md). It may be killed anywhere and run again, and two at once end at the same bytes.
 */
export interface RebuildOptions {
  readonly catalog: Log;
  readonly derived: Log;
  readonly quarantine: Log;
  readonly readModel: ReadModel;
  readonly redis: RedisConnection;
  readonly versions: Versions;
  /** What one pass over the log may hold of the products, in bytes; one partition at least is held. */
  readonly memoryBytes: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly journal: Journal;
  readonly onProgress: (progress: RebuildProgress) => void;
}

export interface RebuildReport {
  readonly revision: number;
  readonly partitions: number;
  readonly products: number;
  /** Passes over the log. */
  readonly passes: number;
  readonly seconds: number;
  /** Partitions that older software has taken back meanwhile: run it again when that is gone. */
  readonly left: number;
}

export async function rebuild(options: RebuildOptions): Promise<RebuildReport> {
  const { catalog, versions, memoryBytes, journal } = options;
  const readModel = whileLinked(options.readModel);
  const startedAt = performance.now();
  const { first, last: head } = await catalog.bounds();
  if (first > 1) {
    throw new Refused(`${catalog.stream} begins at ${first}: a rebuild needs the log from its first event`);
  }
  const replacing = createReplacing(options.redis);
  const { rowCount } = replacing;
  const partitions = await partitionsLeft(readModel, versions, journal);
  const slices = await inMemory({ rowCount, memoryBytes }, partitions);
  const meter = createMeter({
    messages: slices.length * head,
    products: await countRows(partitions, rowCount),
    clock: () => performance.now(),
    onProgress: options.onProgress,
  });
  let products = 0;
  for (const slice of slices) products += await rebuildSlice(slice);
  const seconds = Number(((performance.now() - startedAt) / 1_000).toFixed(1));
  const all = await positionsOf(readModel, versions, allPartitions);
  return {
    revision: revisionOf(versions(0)),
    partitions: partitions.length,
    products,
    passes: slices.length,
    seconds,
    left: dueAmong(all, versions).size,
  };

  async function rebuildSlice(slice: readonly number[]): Promise<number> {
    const standing = await positionsOf(readModel, versions, slice);
    // Another rebuild may have done it meanwhile.
    if (dueAmong(standing, versions).size === 0) return 0;
    const fold = createCatalogueFold(new Set(slice));
    const parking = createParking({ name: "catalog", quarantine: options.quarantine, journal });
    const follower = follow({
      catalog,
      fold,
      onFolded: meter.folded,
      onRefused: async (refusals) => {
        await Promise.all(refusals.map((refusal) => parking.park(refusal)));
      },
    });
    try {
      await follower.foldTo(head);
      const write: WriteOptions = { ...options, fold, replacing, onWritten: meter.written };
      await writeAndRaise({ slice, write, readModel, catalog, foldTo: follower.foldTo });
      return fold.products.size;
    } finally {
      await follower.close();
    }
  }
}

/**
 * The same, but that no position is moved once the link was lost: the store may be an older copy of itself, without
 * what was written here.
 */
function whileLinked(readModel: ReadModel): ReadModel {
  const session = readModel.session();
  return {
    ...readModel,
    async advance(log, moves) {
      if (readModel.session() !== session) {
        throw new Refused("the link to Redis broke: run this again, it goes on with what is left");
      }
      return readModel.advance(log, moves);
    },
  };
}

async function countRows(
  partitions: readonly number[],
  rowCount: (partition: number) => Promise<number>,
): Promise<number> {
  const counts = await Promise.all(partitions.map(rowCount));
  return counts.reduce((sum, count) => sum + count, 0);
}
