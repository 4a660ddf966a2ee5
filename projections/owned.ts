import type { LogName } from "../streams/subjects.ts";
import type { Standing } from "./projection.ts";
import type { Position, PositionMove, ReadModel } from "./read-model.ts";
import { keepingRevision, sameLog, sequenceOf, type Version, type Versions } from "./version.ts";

/** What a projector knows of a partition while it owns it. */
export interface Owned {
  /** What the store holds, as far as we know; undefined where it holds none of this log. */
  standing: Version | undefined;
  found: Version | undefined;
  /** When the partition was last known to be at the head of the log. */
  headAt: number;
  /** Everything up to here is done, by us or before us. */
  done: number;
}

/** Where partitions stand. One without a position gets one at 0, so that a store emptied from here on shows as one. */
export async function claimedPositions(
  readModel: ReadModel,
  log: LogName,
  partitions: readonly number[],
  versions: Versions,
): Promise<ReadonlyMap<number, Position>> {
  const found = await readModel.positions(log, partitions);
  const none = partitions.filter((partition) => !found.has(partition));
  await readModel.advance(
    log,
    none.map((partition) => ({ partition, from: undefined, to: versions(0), headAt: 0 })),
  );
  return readModel.positions(log, partitions);
}

/** A partition as it is taken up, at the position that was found. */
export function ownedAt(position: Position | undefined, versions: Versions): Owned {
  const ours = position !== undefined && sameLog(position.version, versions(0)) ? position : undefined;
  return {
    standing: ours?.version,
    found: position?.version,
    headAt: ours?.headAt ?? 0,
    done: ours === undefined ? 0 : sequenceOf(ours.version),
  };
}

/** The move of its position to `sequence`, or to where it is if that is further. */
export function moveOf(partition: number, state: Owned, sequence: number, versions: Versions): PositionMove {
  const reached = Math.max(sequence, state.standing === undefined ? 0 : sequenceOf(state.standing));
  const to = keepingRevision(state.standing, versions(reached));
  return { partition, from: state.found, to, headAt: state.headAt };
}

export function standingOf(partitions: ReadonlyMap<number, Owned>): Standing {
  return new Map(
    [...partitions].map(([partition, { standing: version, found }]) => [
      partition,
      { sequence: version === undefined ? 0 : sequenceOf(version), fence: { partition, position: found } },
    ]),
  );
}
