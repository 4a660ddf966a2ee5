import { isDeepStrictEqual } from "node:util";
import { priceAnswer } from "../verify/answers.ts";
import { boundariesOf, type Shown } from "../verify/reference/product.ts";
import { type Moment, upToDate } from "./judge.ts";

/** How far the clocks of the tiers and of the auditor may differ at the begin and the end of a sale. */
export const clockToleranceMs = 250;

/** Sales begin and end by the clock, so a price may be that of a moment that is over. */
export function agreesInPrice(
  shown: Shown,
  found: unknown,
  { askedAt, answeredAt }: Moment,
): number | undefined {
  const at = (now: number) => isDeepStrictEqual(priceAnswer(shown, now), found);
  if (at(askedAt) || at(answeredAt)) return upToDate;
  const passed = boundariesOf(shown)
    .filter((boundary) => boundary <= answeredAt + clockToleranceMs)
    .sort((a, b) => b - a);
  for (const boundary of passed) {
    if (boundary > askedAt - clockToleranceMs && (at(boundary) || at(boundary - 1))) return upToDate;
    if (at(boundary - 1)) return boundary;
  }
  return undefined;
}
