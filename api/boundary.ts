import { nextBoundary } from "../projections/sales.ts";
import type { ProductState } from "./views.ts";

/** The next moment at which a sale of one of these begins or ends, if any: an answer that shows their prices changes then. */
export function boundaryAmong(
  states: readonly Pick<ProductState, "sales">[],
  moment: number,
): number | undefined {
  const moments = states.map(({ sales }) => nextBoundary(sales, moment)).filter((at) => at !== undefined);
  return moments.length === 0 ? undefined : Math.min(...moments);
}
