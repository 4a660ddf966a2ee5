import { hash } from "node:crypto";
import type { HeldLine, QuotedLine, ReservationEvent } from "../../streams/checkout-events.ts";
import type { Identifier } from "../../streams/identifier.ts";

/**
 * A reservation, as its events make it. This fold alone says what became of it: an event counts if it builds on the last
 * one that counted and the stage allows it. Of two that build on the same one the earlier in the log counts, and the later
 * never does, whoever wrote it and whatever the server made of its expectations.
 */

// Identity

/** A user and a key: the same two are the same reservation, and nobody can name that of another user. */
export function reservationOf(user: Identifier, key: string): string {
  const digest = hash("sha256", `${user}\0${key}`, "buffer");
  let bits = "";
  for (const byte of digest.subarray(0, 17)) bits += byte.toString(2).padStart(8, "0");
  let id = "r";
  for (let at = 0; at < 5 * idLetters; at += 5) id += base32[Number.parseInt(bits.slice(at, at + 5), 2)];
  return id;
}

export const isReservationId = (text: string): boolean => /^r[a-z2-7]{26}$/.test(text);

const idLetters = 26;
/** RFC 4648, section 6, in lower case. */
const base32 = "abcdefghijklmnopqrstuvwxyz234567";

// Events: `streams/checkout-events.ts`.

// State

export type Reservation =
  | { readonly stage: "none"; readonly sequence: 0 }
  | (Begun & { readonly stage: "begun" })
  | (Given & { readonly stage: "held" | "cancelled" })
  | Confirmed
  | (Begun & { readonly stage: "refused"; readonly answer: Answer })
  /** `given` is undefined where nobody was told that it is held. */
  | (Begun & { readonly stage: "expired"; readonly given: Given | undefined });

interface Begun {
  /** Of the first event that counted, and of the last. */
  readonly from: number;
  readonly sequence: number;
  readonly body: string;
  readonly quoted: readonly QuotedLine[];
  readonly until: number;
  /** The event that the attempt which is under way began with, which one it is, and until when it has the record for itself. */
  readonly attempt: string;
  readonly attempts: number;
  readonly attemptUntil: number;
  /** How often units were given back to be taken anew: those of earlier takings are nobody's. */
  readonly taking: number;
}

/** A reservation that its buyer was told of. */
export interface Given extends Begun {
  readonly answer: Answer;
  readonly lines: readonly HeldLine[];
}

export interface Confirmed extends Given {
  readonly stage: "confirmed";
  readonly order: Identifier;
  /** The order's event stands behind this place in ACTIVITY. */
  readonly activity: number;
}

export interface Answer {
  /** The event that it stands in. */
  readonly by: string;
  readonly status: number;
  readonly body: object;
}

export const none: Reservation = { stage: "none", sequence: 0 };

type Over = Extract<Reservation, { readonly stage: "refused" | "cancelled" | "expired" }>;

// Evolve

export function evolveReservation(
  state: Reservation,
  event: ReservationEvent,
  sequence: number,
): Reservation {
  if (event.after !== state.sequence || sequence <= state.sequence) return state;
  switch (state.stage) {
    case "none": {
      if (event.kind !== "begun") return state;
      const { body, lines: quoted, until, attemptUntil, id: attempt } = event;
      const written = { from: sequence, sequence, body, quoted, until };
      return { stage: "begun", ...written, attempt, attempts: 1, attemptUntil, taking: 0 };
    }
    case "begun":
      switch (event.kind) {
        case "resumed": {
          const { id: attempt, attemptUntil } = event;
          return { ...state, sequence, attempt, attempts: state.attempts + 1, attemptUntil };
        }
        case "yielded":
          return { ...state, sequence, attemptUntil: 0 };
        case "returned":
          return { ...state, sequence, attemptUntil: 0, taking: state.taking + 1 };
        case "answered": {
          const { id: by, lines, status, body } = event;
          const answer = { by, status, body };
          if (status !== 201) return { ...state, stage: "refused", sequence, answer };
          return { ...state, stage: "held", sequence, answer, lines };
        }
        case "expired":
          return { ...state, stage: "expired", sequence, given: undefined };
        default:
          return state;
      }
    case "held":
      switch (event.kind) {
        case "confirmed":
          return { ...state, stage: "confirmed", sequence, order: event.order, activity: event.activity };
        case "cancelled":
          return { ...state, stage: "cancelled", sequence };
        case "expired":
          return { ...state, stage: "expired", sequence, given: state };
        default:
          return state;
      }
    default:
      return state;
  }
}

// Queries

/** What its buyer was told of; undefined before that, and where it was refused. */
export function givenOf(state: Reservation): Given | undefined {
  switch (state.stage) {
    case "held":
    case "confirmed":
    case "cancelled":
      return state;
    case "expired":
      return state.given;
    default:
      return undefined;
  }
}

/** What the request that made it is answered with, again and again; undefined while there is no answer. */
export function answerOf(state: Reservation): Answer | undefined {
  return state.stage === "refused" ? state.answer : givenOf(state)?.answer;
}

/** Whether whatever is still on hold for it is to be given back. */
export function isOver(state: Reservation): state is Over {
  return state.stage === "refused" || state.stage === "cancelled" || state.stage === "expired";
}
