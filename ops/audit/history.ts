import type { Aspects } from "../../projections/aspects.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { Shown } from "../verify/reference/product.ts";

/** What a product was after each of its latest changes, as the oracle knows it: what any tier may have shown. */
export interface History {
  readonly id: Identifier;
  /** Oldest first, by sequence; never empty. */
  readonly states: readonly State[];
}

export interface State {
  /** Of the event that made it. */
  readonly sequence: number;
  /** When the log took that event, in milliseconds since 1970. */
  readonly time: number;
  /** As it is stored in the log. */
  readonly subject: string;
  /** What it touched; the stock status only where it flipped. */
  readonly changed: Aspects;
  readonly shown: Shown;
}

/** The place of the state that stands at a sequence, that is the newest not behind it; -1 before the oldest. */
export function placeOf({ states }: History, sequence: number): number {
  let low = 0;
  let high = states.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((states[middle]?.sequence ?? 0) <= sequence) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
