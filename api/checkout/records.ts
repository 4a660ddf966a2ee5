import {
  decodeReservationEvent,
  encodeReservationEvent,
  type ReservationFact,
  reservationSubject,
} from "../../streams/checkout-events.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { type Log, LogUnavailable, type StoredMessage } from "../../streams/log.ts";
import { checkoutLimits as limits } from "./checkout-limits.ts";
import { evolveReservation, none, type Reservation } from "./reservation.ts";

/**
 * The records of reservations in the log CHECKOUT. What one tried to write does not matter: after every append the
 * subject is read from the leader and folded, and what stands is what is gone on with.
 */
export interface Records {
  /** From the leader. One round trip for one that is not there, three for one that was answered. */
  read(user: Identifier, reservation: string): Promise<StoredReservation>;
  /**
   * Writes what `decide` makes of the state, on the condition that nothing has happened to it since, and asks it again
   * about what stands then, until it has nothing more to say. `decide` must be content with its own decision.
   */
  decide(stored: StoredReservation, decide: Decide): Promise<StoredReservation>;
}

export type Decide = (state: Reservation) => Decision | undefined;

/** What is to happen, by the name that the event will have. */
export type Decision = ReservationFact & { readonly id: string };

export interface StoredReservation {
  readonly subject: string;
  readonly state: Reservation;
  /** The last message on its subject, also one that does not count; 0 for none. */
  readonly last: number;
  /** Nothing of it stands in the log between `last` and this sequence. */
  readonly next: number;
}

export function createRecords(log: Log): Records {
  /** A place that the log is known to have reached. */
  let reached = 0;

  /** Folds what follows, up to a message that is known to be there or to the end. */
  async function readOn(stored: StoredReservation, through: number): Promise<StoredReservation> {
    const { subject } = stored;
    let { state, last, next } = stored;
    while (last < through) {
      const message = await log.next(subject, next);
      if (message === undefined) {
        if (through === Number.POSITIVE_INFINITY) break;
        throw new LogUnavailable(`${log.stream} does not have ${subject} at ${through}, which it did`);
      }
      state = evolved(state, message);
      last = message.sequence;
      next = last + 1;
      reached = Math.max(reached, last);
    }
    return { subject, state, last, next };
  }

  /** `attempt`: above 0 where the log took nothing at this place although it said nothing against it. */
  async function append(
    stored: StoredReservation,
    fact: Decision,
    attempt: number,
  ): Promise<StoredReservation> {
    const { subject, state, last, next } = stored;
    const from = state.stage === "none" ? next : state.from;
    const payload = encodeReservationEvent({ ...fact, after: state.sequence, from });
    const appended = await log.append(subject, payload, {
      // The same for all who write at this place, so that a server which takes both of two racing writes keeps one. One
      // that remembers the id of what it refused would take nothing there any more: hence the number.
      id: attempt === 0 ? `${subject}@${last}` : `${subject}@${last}.${attempt}`,
      expectedLastSubjectSequence: last,
      deadlineMs: limits.appendMs,
    });
    return readOn(stored, appended.outcome === "stored" ? appended.sequence : Number.POSITIVE_INFINITY);
  }

  return {
    async read(user, reservation) {
      const subject = reservationSubject(user, reservation);
      if (reached === 0) reached = (await log.bounds()).last;
      const next = reached + 1;
      const message = await log.last(subject, "leader");
      if (message === undefined) return { subject, state: none, last: 0, next };
      const { from = 1 } = decodeReservationEvent(message.payload) ?? {};
      const begin = Math.min(from, message.sequence);
      return readOn({ subject, state: none, last: 0, next: begin }, message.sequence);
    },

    async decide(stored, decide) {
      let standing = stored;
      for (let tries = 0, attempt = 0; tries < limits.triesMax; tries++) {
        const fact = decide(standing.state);
        if (fact === undefined) return standing;
        const found = await append(standing, fact, attempt);
        attempt = found.last === standing.last ? attempt + 1 : 0;
        standing = found;
      }
      throw new LogUnavailable(`${stored.subject} changes faster than it can be decided upon`);
    },
  };
}

function evolved(state: Reservation, { payload, sequence }: StoredMessage): Reservation {
  const event = decodeReservationEvent(payload);
  return event === undefined ? state : evolveReservation(state, event, sequence);
}
