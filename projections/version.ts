/**
 * Versions: each value in a read model carries the place in the log that it stands for, and every write is
 * "store if newer". Redelivery, two owners and rebuilds then need no code of their own.
 *
 * A version is a text that sorts as it should, because Redis compares it inside Lua, whose numbers lose
 * everything above 2^53: nine base-36 digits of the log's epoch, sixteen of the sequence, three of the fold's
 * revision, such as `mi8x3kq2p/0000000000001234.001`. A newer log beats an older one, then the sequence decides,
 * and of one event what a newer fold makes of it: so a rebuild never turns a value back (docs/rebuild.md).
 */

declare const versionBrand: unique symbol;
export type Version = string & { readonly [versionBrand]: true };

export const versionLength = 30;
/** Where the digits of the sequence stand. */
export const sequencePlace = { from: 10, end: 26 } as const;

/**
 * The revision of the folds in this folder. Raise it when a fold's meaning changes; `shelfwire rebuild` then
 * makes anew in place what stands at a lower one.
 */
export const foldRevision = 2;

/** The revisions of a position whose partition waits to be rebuilt; folds have higher ones. */
export const waiting = [0, 1] as const;

/** A function that dates sequences of one log. `epoch` is the stream's creation in milliseconds since 1970. */
export type Versions = (sequence: number) => Version;

const zeros = "0".repeat(16);

export function versionsOf(epoch: number, revision: number = foldRevision): Versions {
  const prefix = `${epoch.toString(36).padStart(9, "0")}/`;
  const suffix = `.${String(revision).padStart(3, "0")}`;
  return (sequence) => {
    const digits = String(sequence);
    return (prefix + zeros.slice(digits.length) + digits + suffix) as Version;
  };
}

/** The sequence that a version stands for. */
export function sequenceOf(version: Version): number {
  return Number(version.slice(sequencePlace.from, sequencePlace.end));
}

/**
 * The version of a position also names the life of the store that it stands in, such as
 * `mi8x3kq2p/0000000000001234.001-5f0c9a1e`: a store that was emptied and filled again up to the same place is
 * another one, and what was begun in the first must not be finished in the second.
 */
export function inLife(version: Version, life: string): Version {
  return `${version}-${life}` as Version;
}

/** Undefined for a version that names none. */
export function lifeOf(version: Version): string | undefined {
  return version.length > versionLength ? version.slice(versionLength + 1) : undefined;
}

/** The revision of the fold that made it; of a position, of the oldest fold whose values may be there. */
export function revisionOf(version: Version): number {
  return Number(version.slice(27, versionLength));
}

export function withRevision(version: Version, revision: number): Version {
  const digits = String(revision).padStart(3, "0");
  return `${version.slice(0, 27)}${digits}${version.slice(versionLength)}` as Version;
}

/** Whether two versions differ in the revision at most, as a position does before and behind a rebuild. */
export function isSamePlace(a: Version | undefined, b: Version | undefined): boolean {
  return a !== undefined && b !== undefined && withRevision(a, 0) === withRevision(b, 0);
}

/** Where a position that stands at `standing` moves to: its revision may fall, and only a rebuild raises it. */
export function keepingRevision(standing: Version | undefined, to: Version): Version {
  return standing === undefined ? to : withRevision(to, Math.min(revisionOf(standing), revisionOf(to)));
}

/** Whether two versions speak of the same log. */
export function sameLog(a: Version, b: Version): boolean {
  return a.startsWith(b.slice(0, 10));
}

/** The epoch of the log that a version speaks of, in milliseconds since 1970. */
export function epochOf(version: Version): number {
  return Number.parseInt(version.slice(0, 9), 36);
}
