import type { Position, ReadModel } from "../../projections/read-model.ts";
import { revisionOf, sameLog, sequenceOf, type Version, type Versions } from "../../projections/version.ts";

/** Where partitions stand, and which of them hold what an older fold made: their revision says so. */

/** A partition without a position of this log is made by the projectors from the beginning, and is not given. */
export async function positionsOf(
  readModel: ReadModel,
  versions: Versions,
  partitions: readonly number[],
): Promise<ReadonlyMap<number, Position>> {
  const found = await readModel.positions("catalog", partitions);
  return new Map([...found].filter(([, { version }]) => sameLog(version, versions(0))));
}

/** The partitions that are left to rebuild, with the sequence that each has reached. */
export function dueAmong(
  positions: ReadonlyMap<number, Position>,
  versions: Versions,
): ReadonlyMap<number, number> {
  const due = new Map<number, number>();
  for (const [partition, { version }] of positions) {
    if (revisionOf(version) < revisionOf(versions(0))) due.set(partition, sequenceOf(version));
  }
  return due;
}

/**
 * Moves positions to where they are, at another revision; those for which `to` gives nothing stay. Whatever a
 * projector has under way is refused by its fence from then on.
 */
export async function movePositions(
  readModel: ReadModel,
  versions: Versions,
  partitions: Iterable<number>,
  to: (version: Version) => Version | undefined,
): Promise<void> {
  // A projector that moves on in between is met at its next place.
  for (let left = [...partitions]; left.length > 0; ) {
    const moves = [...(await positionsOf(readModel, versions, left))].flatMap(
      ([partition, { version, headAt }]) => {
        const moved = to(version);
        return moved === undefined ? [] : [{ partition, from: version, to: moved, headAt }];
      },
    );
    left = [...(await readModel.advance("catalog", moves)).keys()];
  }
}
