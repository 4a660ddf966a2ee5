import { type Identifier, tokenOf } from "./identifier.ts";
import type { Money } from "./payloads.ts";
import {
  fieldsOf,
  type Fields,
  identifierOf,
  listOf,
  must,
  orNull,
  positiveOf,
  readJson,
  textOf,
  wholeOf,
} from "./strict-json.ts";

/**
 * What happens to a reservation, as the log CHECKOUT holds it: each reservation has a subject of its own,
 * `checkout.<user>.<reservation>`. What an event means, and whether it counts at all, is the fold's to say
 * (`api/checkout/reservation.ts`).
 *
 * The format is the storage format. Only the checkout writes it, so it is read by hand: whatever else stands on the
 * subject gives undefined and means nothing.
 */
export type ReservationEvent = Written & ReservationFact;

interface Written {
  /** Of this event alone. */
  readonly id: string;
  /** The sequence of the reservation's event that it builds on, 0 for the first one. */
  readonly after: number;
  /** Nothing about the reservation stands before this sequence: who reads it begins here. */
  readonly from: number;
}

export type ReservationFact =
  | {
      readonly kind: "begun";
      /** SHA-256 of the request's body, its fields in the order of their names. */
      readonly body: string;
      /** The `Idempotency-Key`. */
      readonly key: string;
      readonly lines: readonly QuotedLine[];
      /** When what is held is given back, in milliseconds since 1970. */
      readonly until: number;
      /** Until then nobody else takes up what was begun. */
      readonly attemptUntil: number;
    }
  /** Another attempt took over from one that did not come to its end. */
  | { readonly kind: "resumed"; readonly attemptUntil: number }
  /** The attempt failed and knows it: the next one need not wait. */
  | { readonly kind: "yielded" }
  /** The same, and what it had taken is given back: the next one takes anew. */
  | { readonly kind: "returned" }
  /** What every repetition of the request is answered with. 201 is a reservation that is held, anything else is none. */
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly body: object;
      /** Empty where nothing is held. */
      readonly lines: readonly HeldLine[];
    }
  /** `activity`: where the ACTIVITY log ended when it was decided; the order comes behind that. */
  | { readonly kind: "confirmed"; readonly order: Identifier; readonly activity: number }
  | { readonly kind: "cancelled" }
  | { readonly kind: "expired" };

/** A line as the quote has it. */
export interface QuotedLine {
  readonly product: Identifier;
  readonly quantity: number;
  /** Of one unit; null where the product was not for sale. */
  readonly price: Money | null;
  readonly sale: Identifier | null;
  /** The event of CATALOG about its stock that the quote was made from; 0 for none. */
  readonly seen: number;
}

/** A line as it is sold. */
export interface HeldLine {
  readonly product: Identifier;
  readonly quantity: number;
  readonly price: Money;
  readonly sale: Identifier | null;
}

export const reservationSubject = (user: Identifier, reservation: string): string =>
  `checkout.${tokenOf(user)}.${reservation}`;

const version = 1;

export function encodeReservationEvent(event: ReservationEvent): Buffer {
  const { id, after, from, kind } = event;
  return Buffer.from(JSON.stringify({ v: version, kind, id, after, from, ...wireOf(event) }));
}

function wireOf(event: ReservationEvent): Fields {
  switch (event.kind) {
    case "begun": {
      const { body, key, until, attemptUntil, lines } = event;
      return { body, key, until, attempt_until: attemptUntil, lines: lines.map(quotedLineWire) };
    }
    case "resumed":
      return { attempt_until: event.attemptUntil };
    case "answered":
      return { status: event.status, body: event.body, lines: event.lines.map(heldLineWire) };
    case "confirmed":
      return { order_id: event.order, activity: event.activity };
    default:
      return {};
  }
}

const heldLineWire = ({ product, quantity, price, sale }: HeldLine | QuotedLine) => ({
  product_id: product,
  quantity,
  price,
  sale,
});
const quotedLineWire = (line: QuotedLine) => ({ ...heldLineWire(line), seen: line.seen });

/** Undefined for what is no event of a reservation. Never throws. */
export const decodeReservationEvent = (payload: Uint8Array): ReservationEvent | undefined =>
  readJson(payload, (fields) => {
    must(fields["v"] === version);
    const written = {
      id: textOf(fields["id"]),
      after: wholeOf(fields["after"]),
      from: wholeOf(fields["from"]),
    };
    return { ...written, ...factOf(fields) };
  });

function factOf(fields: Fields): ReservationFact {
  const kind = textOf(fields["kind"]);
  switch (kind) {
    case "begun":
      return {
        kind,
        body: textOf(fields["body"]),
        key: textOf(fields["key"]),
        lines: listOf(fields["lines"], quotedLineOf),
        until: wholeOf(fields["until"]),
        attemptUntil: wholeOf(fields["attempt_until"]),
      };
    case "resumed":
      return { kind, attemptUntil: wholeOf(fields["attempt_until"]) };
    case "answered":
      return {
        kind,
        status: wholeOf(fields["status"]),
        body: fieldsOf(fields["body"]),
        lines: listOf(fields["lines"], heldLineOf),
      };
    case "confirmed":
      return { kind, order: identifierOf(fields["order_id"]), activity: wholeOf(fields["activity"]) };
    default:
      must(kind === "yielded" || kind === "returned" || kind === "cancelled" || kind === "expired");
      return { kind: kind as "yielded" | "returned" | "cancelled" | "expired" };
  }
}

function quotedLineOf(value: unknown): QuotedLine {
  const fields = fieldsOf(value);
  return { ...itemOf(fields), price: orNull(fields["price"], moneyOf), seen: wholeOf(fields["seen"]) };
}

function heldLineOf(value: unknown): HeldLine {
  const fields = fieldsOf(value);
  return { ...itemOf(fields), price: moneyOf(fields["price"]) };
}

const itemOf = (fields: Fields) => ({
  product: identifierOf(fields["product_id"]),
  quantity: positiveOf(fields["quantity"]),
  sale: orNull(fields["sale"], identifierOf),
});

function moneyOf(value: unknown): Money {
  const { amount, currency } = fieldsOf(value);
  return { amount: wholeOf(amount), currency: textOf(currency) };
}
