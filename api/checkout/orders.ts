import type { HeldLine } from "../../streams/checkout-events.ts";
import { decodeEvent, isBad } from "../../streams/events.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { type Log, LogUnavailable } from "../../streams/log.ts";
import { publicSubject, storedSubject } from "../../streams/subjects.ts";
import { checkoutLimits as limits } from "./checkout-limits.ts";
import type { Confirmed } from "./reservation.ts";

/** Reservations that became orders, as events of the log ACTIVITY. */
export interface Orders {
  /** Where the log ends now. */
  end(): Promise<number>;
  /**
   * Publishes the order unless it is there, behind `since`. However often it is called, by whomever and whenever, there is
   * one event: it is looked for first, and written on the condition that its user's orders are still those that were looked at.
   */
  place(user: Identifier, order: Order, since: number): Promise<void>;
}

export interface Order {
  readonly id: Identifier;
  readonly lines: readonly HeldLine[];
}

/** Of a reservation that was confirmed. */
export const placeOrder = (orders: Orders, user: Identifier, { order, lines, activity }: Confirmed) =>
  orders.place(user, { id: order, lines }, activity);

export function createOrders(activity: Log): Orders {
  async function isThere(subject: string, order: Identifier, since: number, last: number): Promise<boolean> {
    for (let at = since + 1; at <= last; ) {
      const message = await activity.next(subject, at);
      if (message === undefined) return false;
      const event = decodeEvent(message);
      if (!isBad(event) && event.kind === "order.placed" && event.data.order_id === order) return true;
      at = message.sequence + 1;
    }
    return false;
  }

  return {
    end: async () => (await activity.bounds()).last,

    async place(user, { id, lines }, since) {
      const items = lines.map(({ product, quantity, price }) => ({
        product_id: product,
        quantity,
        unit_price: price,
      }));
      const payload = Buffer.from(JSON.stringify({ order_id: id, items }));
      const stored = storedSubject("order.placed", tokenOf(user));
      for (let tries = 0; tries < limits.triesMax; tries++) {
        const last = (await activity.last(stored, "leader"))?.sequence ?? 0;
        if (await isThere(stored, id, since, last)) return;
        const { outcome } = await activity.append(publicSubject("order.placed", user), payload, {
          id: `order-${id}`,
          expectedLastSubjectSequence: last,
          deadlineMs: limits.appendMs,
        });
        if (outcome === "stored") return;
      }
      throw new LogUnavailable(`orders of ${user} come faster than one can be placed`);
    },
  };
}
