import type { LogName } from "../streams/subjects.ts";
import { type Position, PositionMoved, type ReadModel } from "./read-model.ts";
import { inLife, type Versions } from "./version.ts";

/**
 * Where partitions stand, for their new owner. One without a position gets one at 0, in a life of its own: a
 * store that is emptied from here on shows as one, also if another owner fills it again up to the same place.
 *
 * Throws `PositionMoved` where the store was emptied again in between.
 */
export async function claimPositions(
  readModel: ReadModel,
  name: LogName,
  partitions: readonly number[],
  versions: Versions,
  newId: () => string,
): Promise<ReadonlyMap<number, Position>> {
  const before = await readModel.positions(name, partitions);
  const moves = partitions
    .filter((partition) => !before.has(partition))
    .map((partition) => ({ partition, from: undefined, to: inLife(versions(0), newId()), headAt: 0 }));
  await readModel.advance(name, moves);
  const found = await readModel.positions(name, partitions);
  if (found.size < partitions.length)
    throw new PositionMoved("the read models were emptied while partitions were taken up");
  return found;
}
