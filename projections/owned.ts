import type { Standing } from "./projection.ts";
import type { Position, PositionMove } from "./read-model.ts";
import {
  inLife,
  isSamePlace,
  keepingRevision,
  lifeOf,
  sameLog,
  sequenceOf,
  type Version,
  type Versions,
} from "./version.ts";

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
export function moveOf(
  partition: number,
  state: Owned,
  sequence: number,
  versions: Versions,
  newId: () => string,
): PositionMove {
  const reached = Math.max(sequence, state.standing === undefined ? 0 : sequenceOf(state.standing));
  const life = (state.found && lifeOf(state.found)) ?? newId();
  const to = inLife(keepingRevision(state.standing, versions(reached)), life);
  return { partition, from: state.found, to, headAt: state.headAt };
}

/** Takes the positions as they are, if all are where they were but for the revision; else takes none. */
export function takeRebuilt(
  partitions: ReadonlyMap<number, Owned>,
  positions: ReadonlyMap<number, Position>,
): boolean {
  const states = [...partitions].map(
    ([partition, state]) => [state, positions.get(partition)?.version] as const,
  );
  if (!states.every(([state, version]) => isSamePlace(version, state.found))) return false;
  for (const [state, version] of states) {
    state.standing = version;
    state.found = version;
  }
  return true;
}

/** `session`: the link to the store over which these were read. */
export function standingOf(partitions: ReadonlyMap<number, Owned>, session: number): Standing {
  return new Map(
    [...partitions].map(([partition, { standing: version, found }]) => {
      const fence = { partition, position: found, session };
      return [partition, { sequence: version === undefined ? 0 : sequenceOf(version), fence }];
    }),
  );
}
