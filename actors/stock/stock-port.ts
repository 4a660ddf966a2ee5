import type { Identifier } from "../../streams/identifier.ts";
import type { End, HowEnded } from "../../streams/stock-commit.ts";

/** What is asked of a keeper of stock. */
export interface HoldRequest {
  readonly reservation: string;
  /** Counts up each time that what was on hold for it is given back and is to be taken anew. */
  readonly taking: number;
  readonly buyer: Identifier;
  /** Until when the units are wanted, in milliseconds since 1970. */
  readonly until: number;
  /** Of one partition, each product once. */
  readonly lines: readonly HoldLine[];
}

export interface HoldLine {
  readonly product: Identifier;
  /** Above 0. */
  readonly quantity: number;
  /** The newest event of CATALOG about its stock that the asker has seen: an older count will not do. 0: any. */
  readonly seen: number;
  readonly limit?: PurchaseLimit;
}

/** A sale's: so many units for each buyer. */
export interface PurchaseLimit {
  readonly sale: Identifier;
  readonly units: number;
  /** What the buyer has in that sale by other reservations, as the asker read it. */
  readonly known: readonly (readonly [reservation: string, units: number])[];
}

export type HoldAnswer =
  /** All units are on hold, now or since the same was asked for before: it is in the log. */
  | { readonly outcome: "held" }
  /** The lines that are short, and nothing is on hold. */
  | {
      readonly outcome: "short";
      readonly lines: readonly { readonly product: Identifier; readonly available: number }[];
    }
  | {
      readonly outcome: "over-limit";
      readonly lines: readonly { readonly product: Identifier; readonly left: number }[];
    }
  /** It has ended before. */
  | { readonly outcome: "ended"; readonly how: HowEnded }
  /** More wait than can be served soon, or the keeper is not ready; nothing is on hold. */
  | { readonly outcome: "busy" };

/** Asked through the cluster. Each rejects with `LogUnavailable` where nobody answers in time: then nothing is known. */
export interface StockPort {
  hold(partition: number, request: HoldRequest): Promise<HoldAnswer>;
  /** Resolves when it is in the log, or was before, or nothing was on hold. */
  end(partition: number, end: End): Promise<void>;
}
