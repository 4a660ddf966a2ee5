import { createHistogram, type Histogram } from "../../ops/rehearse/histogram.ts";
import type { Spread } from "../outages/phases.ts";
import { nothingSeen, type Seen } from "../outages/seen.ts";
import type { Asked, Outcome } from "./ledger.ts";
import type { ShopSettings } from "./shop.ts";

/** What a thread full of buyers is told to do, whichever way they buy. */
export interface CrowdWorks {
  /** A few of them for a while, with all at rest. */
  calm: void;
  /** All of them, until as many attempts were made as there are to be, and each of them knows what became of his. */
  rush: void;
  /** Somebody buys what is left of each product. */
  sellOut: readonly Asked[];
  figures: CrowdFigures;
}

export interface CrowdSettings {
  readonly shop: ShopSettings;
  /** How many, the calm included. */
  readonly attempts: number;
  readonly calmMs: number;
  /** Of the rush. */
  readonly buyers: number;
  /** A byte for each attempt. */
  readonly ledger: SharedArrayBuffer;
}

export interface CrowdFigures {
  readonly counts: CrowdCounts;
  /** In the calm, of who asked for the first time: a reservation that was made, and one that was refused. */
  readonly calm: { readonly held: Spread; readonly refused: Spread };
  readonly wrong: Seen;
}

export interface CrowdCounts extends Record<Exclude<Outcome, "unasked">, number> {
  quotes: number;
  attempts: number;
  /** Requests that were made again, and why. */
  unanswered: number;
  unavailable: number;
  inProgress: number;
  tooMany: number;
  rushMs: number;
}

export function createCounts() {
  const counts: CrowdCounts = {
    quotes: 0,
    attempts: 0,
    unknown: 0,
    refused: 0,
    lapsed: 0,
    sold: 0,
    cancelled: 0,
    left: 0,
    unanswered: 0,
    unavailable: 0,
    inProgress: 0,
    tooMany: 0,
    rushMs: 0,
  };
  const wrong = nothingSeen();
  const held = createHistogram();
  const refused = createHistogram();
  return {
    counts,
    wrong,
    calm: { held, refused },
    figures: (): CrowdFigures => ({
      counts,
      wrong,
      calm: { held: spreadOf(held), refused: spreadOf(refused) },
    }),
  };
}

/** Of the calm. */
export const calmBuyers = 4;

function spreadOf({ count, max, quantile }: Histogram): Spread {
  const tenths = (ms: number) => Math.round(ms * 10) / 10;
  if (count === 0) return { count, p50: 0, p99: 0, max: 0 };
  return { count, p50: tenths(quantile(0.5)), p99: tenths(quantile(0.99)), max: tenths(max) };
}
