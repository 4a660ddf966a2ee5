import type { StockPort } from "../../actors/stock/stock-port.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { type Log, LogRefused } from "../../streams/log.ts";
import { Problem } from "../problems.ts";
import { isAway } from "../strong-reads.ts";
import { createAccounts } from "./accounts.ts";
import type { CheckoutTerms } from "./checkout-limits.ts";
import { createOffers, type OfferReads } from "./offers.ts";
import { createOrders } from "./orders.ts";
import { assertQuoteKeys, type QuoteKeys } from "./quote-token.ts";
import { createQuotes } from "./quotes.ts";
import { createRecords } from "./records.ts";
import type { Wanted } from "./request-bodies.ts";
import { createReservations, type Reservations } from "./reservations.ts";
import { createReserving, type Reserving } from "./reserving.ts";

/**
 * The checkout: quotes, reservations, orders. It reads prices and stock from the leader of the catalogue's log, takes
 * stock from its keepers, and remembers in the log CHECKOUT; nothing of it is in Redis or in this process.
 *
 * Where a log or a keeper does not answer, everything here throws a 503 problem. What may have been taken meanwhile is
 * given back when its time is up.
 */
export interface Checkout extends Reservations, Reserving {
  quote(user: Identifier, wanted: readonly Wanted[]): Promise<object>;
}

export interface CheckoutOptions {
  readonly reads: OfferReads;
  /** The log CHECKOUT, which must be read from its leader. */
  readonly checkout: Log;
  readonly activity: Log;
  readonly stock: StockPort;
  readonly keys: QuoteKeys;
  readonly terms: CheckoutTerms;
  /** Of the catalogue's log. */
  readonly epoch: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly newId: () => string;
}

export function createCheckout(options: CheckoutOptions): Checkout {
  const { reads, checkout, activity, keys, terms, now } = options;
  assertQuoteKeys(keys);
  const offers = createOffers(reads);
  const records = createRecords(checkout);
  const accounts = createAccounts({ log: checkout, records, terms, now });
  const orders = createOrders(activity);
  const { quote } = createQuotes({ ...options, offers });
  const { reserve } = createReserving({ ...options, offers, records, accounts });
  const { confirm, cancel, get } = createReservations({ ...options, records, orders });
  return {
    quote: orUnavailable(quote),
    reserve: orUnavailable(reserve),
    confirm: orUnavailable(confirm),
    cancel: orUnavailable(cancel),
    get: orUnavailable(get),
  };
}

function orUnavailable<Args extends readonly unknown[], Result>(
  work: (...args: Args) => Promise<Result>,
): (...args: Args) => Promise<Result> {
  return async (...args) => {
    try {
      return await work(...args);
    } catch (error) {
      if (!isAway(error) && !(error instanceof LogRefused)) throw error;
      const detail = "the log or the keeper of the stock does not answer; repeat the request shortly";
      throw new Problem("unavailable", detail, [], { cause: error });
    }
  };
}
