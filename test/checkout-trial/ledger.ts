import type { CartLine } from "./shop.ts";

/** What became of each attempt, as its buyer was told, in a byte for each that two threads share. */
export interface Ledger {
  put(attempt: number, outcome: Outcome): void;
  at(attempt: number): Outcome;
  /** The highest attempt there is room for, and one. */
  readonly size: number;
}

/**
 * `unknown`: nobody has told. `refused`: there was less than was wanted. `lapsed`: its time was up before anybody was told
 * that it was held. `left`: it was held, and its buyer did nothing more.
 */
const outcomes = ["unasked", "unknown", "refused", "lapsed", "sold", "cancelled", "left"] as const;
export type Outcome = (typeof outcomes)[number];

export function createLedger(bytes: SharedArrayBuffer): Ledger {
  const codes = new Uint8Array(bytes);
  return {
    size: codes.length,
    put(attempt, outcome) {
      codes[attempt] = outcomes.indexOf(outcome);
    },
    at: (attempt) => outcomes[codes[attempt] ?? 0] ?? "unasked",
  };
}

/** An attempt, as it is held against the logs. */
export interface Asked {
  readonly reservation: string;
  readonly lines: readonly CartLine[];
  readonly outcome: Outcome;
}
