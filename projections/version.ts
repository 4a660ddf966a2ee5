/**
 * Versions: each value in a read model carries the place in the log that it stands for, and every write is
 * "store if newer". Redelivery, two owners and rebuilds then need no code of their own.
 *
 * A version is a text that sorts as it should, because Redis compares it inside Lua, whose numbers lose
 * everything above 2^53: nine base-36 digits of the log's epoch, three of the fold's revision, sixteen of the
 * sequence, such as `mi8x3kq2p.001.0000000000001234`. A newer log beats an older one, a newer fold beats an
 * older one on the same log, and then the sequence decides.
 */

declare const versionBrand: unique symbol;
export type Version = string & { readonly [versionBrand]: true };

export const versionLength = 30;

/**
 * The revision of the folds in this folder. Raise it when a fold's meaning changes: positions of a lower
 * revision count as none, so every partition replays and overwrites in place.
 */
export const foldRevision = 1;

/** A function that dates sequences of one log. `epoch` is the stream's creation in milliseconds since 1970. */
export type Versions = (sequence: number) => Version;

const zeros = "0".repeat(16);

export function versionsOf(epoch: number, revision: number = foldRevision): Versions {
  const prefix = `${epoch.toString(36).padStart(9, "0")}.${String(revision).padStart(3, "0")}.`;
  return (sequence) => {
    const digits = String(sequence);
    return (prefix + zeros.slice(digits.length) + digits) as Version;
  };
}

/** The sequence that a version stands for. */
export function sequenceOf(version: Version): number {
  return Number(version.slice(14, versionLength));
}

/**
 * The version of a position also names the life of the store that it stands in, such as
 * `mi8x3kq2p.001.0000000000001234-5f0c9a1e`: a store that was emptied and filled again up to the same place is
 * another one, and what was begun in the first must not be finished in the second.
 */
export function inLife(version: Version, life: string): Version {
  return `${version}-${life}` as Version;
}

/** Undefined for a version that names none. */
export function lifeOf(version: Version): string | undefined {
  return version.length > versionLength ? version.slice(versionLength + 1) : undefined;
}

/** Whether two versions speak of the same log and the same revision of the folds. */
export function sameLineage(a: Version, b: Version): boolean {
  return a.slice(0, 14) === b.slice(0, 14);
}

/** The epoch of the log that a version speaks of, in milliseconds since 1970. */
export function epochOf(version: Version): number {
  return Number.parseInt(version.slice(0, 9), 36);
}
