/** What was compared, what could not be, and what differs: counted by kind, the first differences kept. */

export type Kind =
  | "product"
  | "price"
  | "inventory"
  | "reviews"
  | "rating"
  | "sales"
  | "row"
  | "boundary"
  | "list"
  | "group"
  | "category"
  | "key"
  | "quarantine"
  | "stored"
  | "answer";

export interface Difference {
  readonly kind: Kind;
  readonly id: string;
  /** The field or the aspect that differs. */
  readonly what: string;
  readonly expected: unknown;
  readonly found: unknown;
}

export interface Counts {
  readonly checked: Readonly<Partial<Record<Kind, number>>>;
  /** Values that became newer than the place in the log that was folded. */
  readonly skipped: Readonly<Partial<Record<Kind, number>>>;
  /** Registers that are not there: they may be evicted at any moment, and the next read makes them again. */
  readonly absent: Readonly<Partial<Record<Kind, number>>>;
  readonly differences: number;
  /** The first `shownMax` of them. */
  readonly shown: readonly Difference[];
}

export interface Tally extends Counts {
  check(kind: Kind, differences: readonly Difference[]): void;
  skip(kind: Kind): void;
  miss(kind: Kind): void;
}

export const shownMax = 50;

export function createTally(): Tally {
  const checked: Partial<Record<Kind, number>> = {};
  const skipped: Partial<Record<Kind, number>> = {};
  const absent: Partial<Record<Kind, number>> = {};
  const shown: Difference[] = [];
  let differences = 0;
  const count = (counts: Partial<Record<Kind, number>>, kind: Kind) => {
    counts[kind] = (counts[kind] ?? 0) + 1;
  };
  return {
    checked,
    skipped,
    absent,
    shown,
    get differences() {
      return differences;
    },
    check(kind, found) {
      count(checked, kind);
      differences += found.length;
      shown.push(...found.slice(0, shownMax - shown.length));
    },
    skip: (kind) => count(skipped, kind),
    miss: (kind) => count(absent, kind),
  };
}

/** The first place where two values of JSON differ, as no or one difference. The order of fields is free. */
export function compareJson(
  kind: Kind,
  id: string,
  expected: unknown,
  found: unknown,
): readonly Difference[] {
  const place = firstDifference(expected, found, "");
  return place === undefined ? [] : [{ kind, id, ...place }];
}

type Place = Pick<Difference, "what" | "expected" | "found">;

function firstDifference(expected: unknown, found: unknown, what: string): Place | undefined {
  if (expected === found) return undefined;
  if (!isNested(expected) || !isNested(found) || Array.isArray(expected) !== Array.isArray(found)) {
    return { what: what === "" ? "value" : what, expected, found };
  }
  const theirs = new Map(Object.entries(found));
  const ours = new Map(Object.entries(expected));
  for (const name of new Set([...ours.keys(), ...theirs.keys()])) {
    const path = what === "" ? name : `${what}.${name}`;
    const place = firstDifference(ours.get(name), theirs.get(name), path);
    if (place !== undefined) return place;
  }
  return undefined;
}

function isNested(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
