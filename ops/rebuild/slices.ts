import type { Journal } from "../../streams/journal.ts";
import { allPartitions } from "../../streams/partition.ts";
import type { ReadModel } from "../../projections/read-model.ts";
import { revisionOf, type Versions, waiting, withRevision } from "../../projections/version.ts";
import { Refused } from "../refused.ts";
import { dueAmong, movePositions, positionsOf } from "./positions.ts";

/**
 * What there is to rebuild, in slices: partitions whose products fit into memory together, so that each slice is
 * one pass over the log.
 */
export interface SliceOptions {
  readonly rowCount: (partition: number) => Promise<number>;
  readonly memoryBytes: number;
}

const bytesPerProduct = 2_048;

/** One partition at least is a slice, however large it is. */
export async function inMemory(
  { rowCount, memoryBytes }: SliceOptions,
  partitions: Iterable<number>,
): Promise<readonly (readonly number[])[]> {
  const slices: number[][] = [];
  let left = 0;
  for (const partition of partitions) {
    const bytes = (await rowCount(partition)) * bytesPerProduct;
    const last = slices.at(-1);
    if (last !== undefined && bytes <= left) last.push(partition);
    else {
      slices.push([partition]);
      left = memoryBytes;
    }
    left -= bytes;
  }
  return slices;
}

/**
 * The partitions that are left. Where none are, all are marked as waiting, so that a rebuild that is killed
 * knows what it had left. Throws `Refused` where a newer version has rebuilt.
 */
export async function partitionsLeft(
  readModel: ReadModel,
  versions: Versions,
  journal: Journal,
): Promise<readonly number[]> {
  const found = await positionsOf(readModel, versions, allPartitions);
  const own = revisionOf(versions(0));
  const newest = Math.max(0, ...[...found.values()].map(({ version }) => revisionOf(version)));
  if (newest > own) {
    throw new Refused(
      `the read models were rebuilt by revision ${newest} of the folds and this is ${own}: run the rebuild of that version`,
    );
  }
  const due = dueAmong(found, versions);
  if (due.size > 0 && due.size < found.size) {
    journal.info({ left: due.size }, "going on with the partitions that are left");
  }
  if (due.size > 0) return [...due.keys()];
  await movePositions(readModel, versions, found.keys(), (version) => withRevision(version, waiting[0]));
  return [...found.keys()];
}
