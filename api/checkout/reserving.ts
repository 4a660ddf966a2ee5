import type { HoldAnswer, HoldLine, StockPort } from "../../actors/stock/stock-port.ts";
import type { AccountEntry } from "../../streams/checkout-account.ts";
import type { QuotedLine, ReservationFact } from "../../streams/checkout-events.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { LogUnavailable } from "../../streams/log.ts";
import type { Money } from "../../streams/payloads.ts";
import { Problem } from "../problems.ts";
import { type Accounts, unitsBefore } from "./accounts.ts";
import { expired, heldView, inProgress, outOfStock, overLimit } from "./answers.ts";
import { type CheckoutTerms, checkoutLimits as limits } from "./checkout-limits.ts";
import { endHolds, partitionsOf, type Taken, takeHolds } from "./holds.ts";
import type { Offers } from "./offers.ts";
import { type Priced, type PricedLine, priceAgain } from "./pricing.ts";
import { openQuote, type Quote, type QuoteKeys } from "./quote-token.ts";
import type { Sent } from "./request-bodies.ts";
import type { Decision, Records, StoredReservation } from "./records.ts";
import { type Answer, answerOf, isOver, type Reservation, reservationOf } from "./reservation.ts";

/**
 * From a quote to units on hold, once for each key. An attempt has the record for itself for some seconds; whoever repeats
 * the request after that goes on where it stopped. What is decided is written to the record first and acted on then:
 * nothing is given back before it stands there that nobody was promised it, so two attempts that both believe to be the
 * one cannot undo each other.
 */
export interface Reserving {
  /** The first answer to this key, 201 or 409, whenever and wherever it was given. */
  reserve(user: Identifier, key: string, sent: Sent): Promise<Reply>;
}

export interface Reply {
  readonly reservation: string;
  readonly status: number;
  readonly body: object;
  /** It was given before. */
  readonly isReplayed: boolean;
}

export interface ReservingOptions {
  readonly records: Records;
  readonly accounts: Accounts;
  readonly offers: Offers;
  readonly stock: StockPort;
  readonly keys: QuoteKeys;
  readonly terms: CheckoutTerms;
  /** Of the catalogue's log. */
  readonly epoch: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly newId: () => string;
}

type Begun = Extract<Reservation, { readonly stage: "begun" }>;

interface Intent {
  readonly user: Identifier;
  readonly reservation: string;
  readonly body: string;
  readonly key: string;
  readonly lines: readonly QuotedLine[];
  /** When the reservation ends by itself, if it is begun here. */
  readonly until: number;
  /** When it was entered in the buyer's account, or before. */
  readonly enteredAt: number;
}

/** What there is to take, or why nothing is. */
type Purchase = { readonly refusal: Problem } | Cart;

interface Cart {
  readonly lines: readonly PricedLine[];
  readonly total: Money;
  /** What else the buyer has, or is about to have. */
  readonly others: readonly AccountEntry[];
}

export function createReserving(options: ReservingOptions): Reserving {
  const { records, accounts, offers, stock, keys, terms, epoch, now, newId } = options;

  function ownQuote(user: Identifier, text: string): Quote {
    const quote = openQuote(keys, text);
    if (quote?.user === user) return quote;
    throw new Problem("quote-invalid", "send it as it was given to you, and to nobody else");
  }

  function assertInForce({ log, expiresAt }: Quote): void {
    if (log === epoch && now() < expiresAt) return;
    throw new Problem("quote-expired", "prices may have changed since; ask for a new one");
  }

  /** Undefined where there is none, and whoever asks may look for it. */
  function standingAnswer(state: Reservation, body: string): Answer | undefined {
    if (state.stage === "none") return undefined;
    if (state.body !== body)
      throw new Problem(
        "idempotency-key-reused",
        "repeat the first request as it was, or make a key for this one",
      );
    if (state.stage === "begun" && now() < state.attemptUntil) throw inProgress();
    const answer = answerOf(state);
    if (answer === undefined && state.stage === "expired") throw expired();
    return answer;
  }

  async function purchaseOf(
    user: Identifier,
    reservation: string,
    until: number,
    priced: Priced,
  ): Promise<Purchase> {
    // Entered in any case: what is refused takes room in the log as well.
    const lines = priced.outcome === "priced" ? priced.lines : [];
    const wishes = lines.flatMap(({ wish }) => wish ?? []);
    const inSale = lines.some(({ sale }) => sale !== null);
    const entered = await accounts.enter(user, { reservation, until, inSale, wishes });
    if (entered.outcome === "too-many") {
      const retryAfterSeconds = Math.max(1, Math.ceil(entered.waitMs / 1_000));
      throw new Problem("too-many-reservations", entered.detail, [], { retryAfterSeconds });
    }
    if (priced.outcome === "refused") return { refusal: priced.problem };
    if (entered.outcome === "over-limit") return { refusal: overLimit(entered.lines) };
    return { lines, total: priced.total, others: entered.others };
  }

  const written = (fact: ReservationFact): Decision => ({ id: newId(), ...fact });
  const refused = (problem: Problem) =>
    written({ kind: "answered", status: problem.status, body: problem.body(), lines: [] });

  /** What is to be written down; an error where the request can be repeated. */
  function decisionOf(
    answer: HoldAnswer | LogUnavailable,
    reservation: string,
    until: number,
    cart: Cart,
  ): Decision | Error {
    if (answer instanceof LogUnavailable) return answer;
    switch (answer.outcome) {
      case "held": {
        const body = heldView(reservation, until, cart.lines, cart.total);
        return written({ kind: "answered", status: 201, body, lines: cart.lines });
      }
      case "short":
        return refused(outOfStock(answer.lines));
      case "over-limit":
        return refused(overLimit(answer.lines));
      case "ended":
        return written({ kind: "expired" });
      case "busy":
        return new Problem("overloaded", "more buyers wait than can be served at once; repeat the request");
    }
  }

  /** What is to be written down, with the partitions where units are on hold by now. */
  async function carryOut({ user, reservation }: Intent, begun: Begun, purchase: Purchase) {
    if ("refusal" in purchase) return { decision: refused(purchase.refusal), partitions: [], touched: [] };
    const { until, attemptUntil, taking } = begun;
    const lines = purchase.lines.map((line) => holdLineOf(line, purchase.others));
    const isLate = () => now() >= attemptUntil;
    const request = { reservation, taking, buyer: user, until };
    const { answer, ...taken } = await takeHolds(stock, request, lines, isLate);
    return { decision: decisionOf(answer, reservation, until, purchase), ...taken };
  }

  /**
   * For whoever repeats the request, so that he need not wait. A part of a cart is of use to nobody and is given back.
   * Where this fails as well he has to wait, and what is on hold is given back when its time is up.
   */
  async function giveUp(
    begun: StoredReservation,
    { attempt, taking }: Begun,
    reservation: string,
    { partitions, touched }: Omit<Taken, "answer">,
  ): Promise<void> {
    const over = written({ kind: partitions.length > 0 ? "returned" : "yielded" });
    try {
      const { state } = await records.decide(begun, (standing) =>
        isOf(standing, attempt) && standing.taking === taking && standing.attemptUntil > 0 ? over : undefined,
      );
      if (state.stage !== "none" && state.taking > taking)
        await endHolds(stock, touched, { reservation, taking, how: "cancelled" });
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error;
    }
  }

  /** Makes this attempt the one that is under way, unless another one is or an answer stands. */
  async function begin(
    found: StoredReservation,
    { body, key, lines, until, enteredAt, reservation }: Intent,
  ) {
    /** The event that it begins with. */
    let attempt = "";
    const begun = await records.decide(found, (state) => {
      if (state.stage !== "none" && (state.stage !== "begun" || state.body !== body)) return undefined;
      // What was entered long ago and not begun counts for nobody any more.
      if (now() - enteredAt >= limits.attemptMs) throw new LogUnavailable("this process stood still");
      const attemptUntil = now() + limits.attemptMs;
      if (state.stage === "begun") {
        if (state.attempt === attempt || now() < state.attemptUntil) return undefined;
        const isUsedUp = state.attempts >= limits.attemptsMax || attemptUntil >= state.until;
        if (isUsedUp) return written({ kind: "expired" });
      }
      attempt = newId();
      return state.stage === "none"
        ? { id: attempt, kind: "begun", body, key, lines, until, attemptUntil }
        : { id: attempt, kind: "resumed", attemptUntil };
    });
    const { state } = begun;
    if (isOver(state))
      await endHolds(stock, partitionsOf(lines), { reservation, taking: state.taking, how: "cancelled" });
    return { begun, attempt };
  }

  /** The record as it stands when the attempt is through, and the event that the attempt has written there. */
  async function finish(begun: StoredReservation, state: Begun, intent: Intent, purchase: Purchase) {
    const { reservation, lines } = intent;
    const { attempt, attempts } = state;
    const { decision, ...taken } = await carryOut(intent, state, purchase);
    if (decision instanceof Error) {
      await giveUp(begun, state, reservation, taken);
      throw decision;
    }
    const finished = await records.decide(begun, (standing) => {
      if (!isOf(standing, attempt)) return undefined;
      // Nobody is promised what is given back by now.
      return now() < standing.until ? decision : written({ kind: "expired" });
    });
    if (isOver(finished.state)) {
      // What an earlier attempt took, nobody but the keepers knows.
      const all = attempts > 1 ? partitionsOf(lines) : taken.partitions;
      await endHolds(stock, all, { reservation, taking: finished.state.taking, how: "cancelled" });
    }
    return { state: finished.state, by: decision.id };
  }

  return {
    async reserve(user, key, { quote: text, fingerprint: body }) {
      const reservation = reservationOf(user, key);
      const found = await records.read(user, reservation).catch((error) => {
        // No less wrong while the log is away.
        ownQuote(user, text);
        throw error;
      });
      // What a key was used for comes before what is wrong with this use of it.
      const given = standingAnswer(found.state, body);
      if (given !== undefined) return { reservation, ...given, isReplayed: true };
      const quote = ownQuote(user, text);
      const { lines } = quote;
      if (found.state.stage === "none") assertInForce(quote);

      const until = found.state.stage === "begun" ? found.state.until : now() + terms.holdMs;
      const priced = await priceAgain(offers, lines, now);
      const enteredAt = now();
      const purchase = await purchaseOf(user, reservation, until, priced);
      const intent: Intent = { user, reservation, body, key, lines, until, enteredAt };
      const { begun, attempt } = await begin(found, intent);
      const { state, by } = isOf(begun.state, attempt)
        ? await finish(begun, begun.state, intent, purchase)
        : { state: begun.state, by: undefined };
      const answer = standingAnswer(state, body);
      if (answer === undefined) throw inProgress();
      return { reservation, ...answer, isReplayed: answer.by !== by };
    },
  };
}

const isOf = (state: Reservation, attempt: string): state is Begun =>
  state.stage === "begun" && state.attempt === attempt;

function holdLineOf(
  { product, quantity, seen, wish }: PricedLine,
  others: readonly AccountEntry[],
): HoldLine {
  if (wish === undefined) return { product, quantity, seen };
  const { sale, limit: units } = wish;
  return { product, quantity, seen, limit: { sale, units, known: unitsBefore(others, sale, product) } };
}
