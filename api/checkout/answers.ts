import type { HeldLine } from "../../streams/checkout-events.ts";
import type { Money } from "../../streams/payloads.ts";
import { Problem } from "../problems.ts";
import { moneyView } from "./offers.ts";
import type { Given, Reservation } from "./reservation.ts";

/** What buyers are told of a reservation. */

export function heldView(reservation: string, until: number, lines: readonly HeldLine[], total: Money) {
  return {
    reservation_id: reservation,
    status: "held",
    expires_at: new Date(until).toISOString(),
    total: moneyView(total),
    lines: lines.map(({ product, quantity, price, sale }) => ({
      product_id: product,
      quantity,
      price: moneyView(price),
      line_total: moneyView({ ...price, amount: price.amount * quantity }),
      sale,
    })),
  };
}

/** The same as it stands now. One whose time is up is shown as such before that is written down. */
export function reservationView(state: Reservation, given: Given, now: number): object {
  const status = state.stage === "held" && now >= given.until ? "expired" : state.stage;
  const order = state.stage === "confirmed" ? { order_id: state.order } : {};
  return { ...given.answer.body, status, ...order };
}

export const unknownReservation = () =>
  new Problem(
    "unknown-reservation",
    "you have none of this name; it is in the answer to the request that made it",
  );

export const expired = () =>
  new Problem("reservation-expired", "its time is up, and what was held has been given back; reserve anew");

export const inProgress = () =>
  new Problem("reservation-in-progress", "repeat the request in a second to get its answer", [], {
    retryAfterSeconds: 1,
  });

export const outOfStock = (lines: readonly { readonly product: string; readonly available: number }[]) =>
  new Problem("out-of-stock", "nothing was taken; ask for no more than there is", [], {
    members: { lines: lines.map(({ product, available }) => ({ product_id: product, available })) },
  });

export const overLimit = (lines: readonly { readonly product: string; readonly left: number }[]) =>
  new Problem("purchase-limit", "nothing was taken; ask for no more than you may still buy in the sale", [], {
    members: { lines: lines.map(({ product, left }) => ({ product_id: product, left })) },
  });
