import { identifierBytesMax } from "../../streams/identifier.ts";
import { limits } from "../limits.ts";

/** What an operator may set otherwise. */
export interface CheckoutTerms {
  /** How long units are held for a buyer. */
  readonly holdMs: number;
  /** Reservations that an account may have open. */
  readonly openMax: number;
  /** Those among them with something of a sale. */
  readonly openInSaleMax: number;
  /** Reservations that it may begin in a minute. */
  readonly perMinuteMax: number;
}

/** A limit on everything at the checkout, with its unit in its name. Their relations are asserted below. */

/** Different products. */
const linesMax = 50;
const minuteMs = 60_000;

export const checkoutLimits = {
  linesMax,
  quantityMax: 9_999,
  /** Of an `Idempotency-Key`. */
  keyLengthMax: 255,
  /** What a quote of so many lines may take: each with two identifiers, escaped, and five numbers, all in base64. */
  quoteBytesMax: Math.ceil((linesMax * (4 * identifierBytesMax + 100) + 1_024) * (4 / 3)),
  quoteMs: 10 * minuteMs,
  /** How long an attempt to reserve has the reservation for itself: then a repeated request may take it up. */
  attemptMs: 8_000,
  /** One append. */
  appendMs: 3_000,
  /** How often something is decided anew because another one was faster. */
  triesMax: 8,
  /** Of one kind, in this process: lines whose prices are read, reservations that are looked up. */
  readsAtOnce: 16,
  /** Of one cart, whose prices are read. */
  linesAtOnce: 4,
  minuteMs,
  /**
   * Reservations of an account, and lines with a purchase limit in them, that are remembered: for as long as their sale takes,
   * and a while behind its end, since it may be extended.
   */
  rememberedMax: 500,
  extendedMs: 24 * 60 * minuteMs,
  /** Reservations that wait to be looked up, in this process. */
  reviewsMax: 512,
  /** Of one reservation. Each is written into its record, which whoever repeats the request reads. */
  attemptsMax: 32,
} as const;

export const defaultTerms: CheckoutTerms = {
  holdMs: 10 * minuteMs,
  openMax: 50,
  openInSaleMax: 5,
  perMinuteMax: 120,
};

/** What an operator may set them to: what is held outlives the attempt that took it, and what is open is remembered. */
export const holdMsMin = 2 * checkoutLimits.attemptMs;
export const openMaxMax = checkoutLimits.rememberedMax;

const relations: readonly [boolean, string][] = [
  [limits.bodyBytesMax > checkoutLimits.quoteBytesMax, "whoever was given a quote can send it"],
  [
    checkoutLimits.attemptMs > 2 * checkoutLimits.appendMs,
    "an attempt can be begun and answered in its time",
  ],
];
for (const [holds, reason] of relations)
  if (!holds) throw new Error(`limits contradict each other: ${reason}`);
