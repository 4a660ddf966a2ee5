import type { StockPort } from "../../actors/stock/stock-port.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { HowEnded } from "../../streams/stock-commit.ts";
import { Problem } from "../problems.ts";
import { expired, reservationView, unknownReservation } from "./answers.ts";
import { endHolds, partitionsOf } from "./holds.ts";
import { type Orders, placeOrder } from "./orders.ts";
import type { Records, StoredReservation } from "./records.ts";
import { type Given, givenOf, isReservationId } from "./reservation.ts";

/**
 * What becomes of a reservation that is held: an order, or nothing. Which of them is decided by the first event behind the
 * answer in its record, whoever's clock says what; what follows from it is done then, and done again by whoever asks again:
 *
 *     held ──┬── confirmed ── the order is published ── its units are sold
 *            ├── cancelled ── its units are given back
 *            └── expired ──── its units are given back      (`settling.ts`)
 */
export interface Reservations {
  confirm(user: Identifier, reservation: string): Promise<object>;
  /** Of one whose time is up the answer is that. */
  cancel(user: Identifier, reservation: string): Promise<object>;
  get(user: Identifier, reservation: string): Promise<object>;
}

export function createReservations(options: {
  readonly records: Records;
  readonly orders: Orders;
  readonly stock: StockPort;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly newId: () => string;
}): Reservations {
  const { records, orders, stock, now, newId } = options;

  async function find(user: Identifier, reservation: string) {
    const found = isReservationId(reservation) ? await records.read(user, reservation) : undefined;
    const given = found && givenOf(found.state);
    if (found === undefined || given === undefined) throw unknownReservation();
    return { found, given };
  }

  const end = (reservation: string, { lines, taking }: Given, how: HowEnded) =>
    endHolds(stock, partitionsOf(lines), { reservation, taking, how });

  /** The order has the name of its reservation. One whose time is up expires here, if it has not yet. */
  async function decideUpon(found: StoredReservation, reservation: string): Promise<StoredReservation> {
    if (found.state.stage !== "held") return found;
    const activity = await orders.end();
    return records.decide(found, (state) => {
      if (state.stage !== "held") return undefined;
      const id = newId();
      if (now() >= state.until) return { id, kind: "expired" };
      return { id, kind: "confirmed", order: reservation as Identifier, activity };
    });
  }

  return {
    async confirm(user, reservation) {
      const { found, given } = await find(user, reservation);
      const { state } = await decideUpon(found, reservation);
      if (state.stage === "confirmed") {
        await placeOrder(orders, user, state);
        await end(reservation, given, "sold");
        return { reservation_id: reservation, status: "confirmed", order_id: state.order };
      }
      if (state.stage === "cancelled")
        throw new Problem("reservation-cancelled", "what was held has been given back; reserve anew");
      await end(reservation, given, "expired");
      throw expired();
    },

    async cancel(user, reservation) {
      const { found, given } = await find(user, reservation);
      const { state } = await records.decide(found, ({ stage }) =>
        stage === "held" ? { id: newId(), kind: "cancelled" } : undefined,
      );
      if (state.stage === "confirmed")
        throw new Problem(
          "reservation-confirmed",
          `it is the order ${state.order}, which is not cancelled here`,
        );
      await end(reservation, given, "cancelled");
      return { reservation_id: reservation, status: state.stage };
    },

    async get(user, reservation) {
      const { found, given } = await find(user, reservation);
      return reservationView(found.state, given, now());
    },
  };
}
