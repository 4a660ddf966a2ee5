import type { Hold, HowEnded } from "../../streams/stock-commit.ts";
import { type Orders, placeOrder } from "./orders.ts";
import type { Records } from "./records.ts";

/**
 * How a hold is to be ended whose time is up. Where nothing is decided yet, that is decided here, against whoever may
 * confirm or cancel at the same moment; what was confirmed and stopped on its way is made an order. What
 * is on hold from an earlier taking is nobody's. Throws
 * `LogUnavailable`, and then the hold stays until it is asked about again.
 */
export function createSettling(options: {
  readonly records: Records;
  readonly orders: Orders;
  readonly newId: () => string;
}): (hold: Pick<Hold, "buyer" | "reservation" | "taking">) => Promise<HowEnded> {
  const { records, orders, newId } = options;
  return async ({ buyer, reservation, taking }) => {
    const found = await records.read(buyer, reservation);
    const { state } = await records.decide(found, (standing) => {
      const { stage } = standing;
      if (stage !== "begun" && stage !== "held") return undefined;
      return standing.taking > taking ? undefined : { id: newId(), kind: "expired" };
    });
    if (state.stage === "expired" || state.stage === "none") return "expired";
    if (state.taking > taking) return "cancelled";
    if (state.stage !== "confirmed") return "cancelled";
    await placeOrder(orders, buyer, state);
    return "sold";
  };
}
