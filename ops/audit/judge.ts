import { type Aspects, aspects } from "../../projections/aspects.ts";
import { type History, placeOf, type State } from "./history.ts";

/**
 * Holds what a tier showed of a product against the product's history. Pure.
 *
 * Each aspect is judged by itself: the newest state that it agrees with says since when it is old, if it is. So a
 * quantity that may wait for its bound does not excuse a price, and the other way round. Aspects that are each right,
 * and never were so together, make the answer mixed.
 */
export type Judgement =
  | Placed
  /** It shows an event that the oracle has not heard of yet: judge it again when its head is there. */
  | { readonly verdict: "ahead"; readonly sequence: number }
  | { readonly verdict: "unchecked"; readonly reason: Unchecked }
  /** It equals no state that the product ever had. */
  | { readonly verdict: "wrong"; readonly what: string; readonly expected: unknown; readonly found: unknown };

export interface Placed {
  readonly verdict: "placed";
  readonly lacks: readonly Lack[];
  readonly mixed: boolean;
}

/** An aspect that is not as it is now. */
export interface Lack {
  readonly aspect: Aspects;
  /** The first event that it does not show; undefined for a sale that began or ended by the clock. */
  readonly missed: State | undefined;
  /** Since when it is old, in milliseconds since 1970. */
  readonly since: number;
  /** In the answer that stands ready beside the read models, not in these. */
  readonly stored?: boolean;
  /** Of a variant in the answer, not of the product itself. */
  readonly variant?: History;
}

export const uncheckedReasons = {
  error: "the tier answered with an error",
  timeout: "no answer in time",
  degraded: "the answer is marked degraded",
  absent: "the tier holds nothing about it at the moment",
  behind: "the auditor itself was behind",
} as const;
export type Unchecked = keyof typeof uncheckedReasons;

/** When the tier was asked and had answered, in milliseconds since 1970. */
export interface Moment {
  readonly askedAt: number;
  readonly answeredAt: number;
}

/** A part of what a tier shows, and which aspect it stands for. */
export interface Part {
  readonly aspect: Aspects;
  readonly name: string;
  readonly found: unknown;
  readonly expected: (state: State) => unknown;
  /**
   * Whether it agrees with a state: undefined if not, `upToDate` if so, or else the moment at which it stopped to agree
   * by the clock alone.
   */
  readonly agrees: (state: State) => number | undefined;
}

export const upToDate = Number.POSITIVE_INFINITY;

/** `version`: of the newest event that it shows. */
export function judge(history: History, version: number, parts: readonly Part[], head: number): Judgement {
  if (version > head) return { verdict: "ahead", sequence: version };
  const { states } = history;
  const oldest = states[0];
  if (oldest === undefined) return { verdict: "unchecked", reason: "behind" };
  const hint = placeOf(history, version);
  const isOlder = version < oldest.sequence;
  if (!isOlder && states[hint]?.sequence !== version) {
    const what = "version, which is of no event of the product";
    return { verdict: "wrong", what, expected: states.at(-1)?.sequence, found: version };
  }
  const lacks: Lack[] = [];
  let from = 0;
  let until = Number.POSITIVE_INFINITY;
  for (const part of parts) {
    const place = placeOfPart(states, hint, part);
    if (place === undefined) {
      if (!isOlder) {
        const expected = states[Math.max(0, hint)];
        return {
          verdict: "wrong",
          what: part.name,
          expected: expected && part.expected(expected),
          found: part.found,
        };
      }
      // Of before all that is held: how old it is at least is known.
      lacks.push({ aspect: part.aspect, missed: oldest, since: oldest.time });
      until = Math.min(until, oldest.sequence);
      continue;
    }
    from = Math.max(from, begunAt(states, place.at, part.aspect));
    const missed = nextChange(states, place.at, part.aspect);
    if (missed !== undefined) until = Math.min(until, missed.sequence);
    const since = Math.min(place.since, missed?.time ?? upToDate);
    if (since === upToDate) continue;
    lacks.push({
      aspect: part.aspect,
      missed: missed !== undefined && missed.time <= since ? missed : undefined,
      since,
    });
  }
  return { verdict: "placed", lacks, mixed: from >= until };
}

/** The newest state that it agrees with, from the one of the answer's own version backwards: it shows nothing newer. */
function placeOfPart(
  states: readonly State[],
  hint: number,
  { agrees }: Part,
): { readonly at: number; readonly since: number } | undefined {
  for (let at = Math.max(hint, 0); at >= 0; at--) {
    const state = states[at];
    const since = state && agrees(state);
    if (since !== undefined) return { at, since };
  }
  return undefined;
}

/** The sequence of the event that made this aspect what it is in the state; 0 where that is older than all. */
function begunAt(states: readonly State[], at: number, aspect: Aspects): number {
  for (let before = at; before > 0; before--) {
    const state = states[before];
    if (state !== undefined && (state.changed & aspect) !== 0) return state.sequence;
  }
  return 0;
}

export function nextChange(states: readonly State[], at: number, aspect: Aspects): State | undefined {
  for (let next = at + 1; next < states.length; next++) {
    const state = states[next];
    if (state !== undefined && (state.changed & aspect) !== 0) return state;
  }
  return undefined;
}

export const aspectNames: ReadonlyMap<Aspects, string> = new Map(
  Object.entries(aspects).map(([name, bit]) => [bit, name]),
);
