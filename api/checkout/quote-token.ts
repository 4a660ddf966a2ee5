import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { QuotedLine } from "../../streams/checkout-events.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { checkoutLimits } from "./checkout-limits.ts";
import { identifier } from "./request-bodies.ts";

/**
 * A quote: what a user was told that things cost, and by which events of the log. It is the user's to keep, so it is
 * signed: `<payload>.<HMAC-SHA256 of that text>`, both in base64url.
 */
export interface Quote {
  readonly user: Identifier;
  /** Milliseconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** The epoch of the log that the sequences count in. */
  readonly log: number;
  /** Of all lines that have a price; null where none has. */
  readonly currency: string | null;
  /** Of the same lines, in minor units. */
  readonly total: number;
  readonly lines: readonly SourcedLine[];
}

/** A line with the events that its price was made from; 0 where there is none. */
export interface SourcedLine extends QuotedLine {
  readonly priced: number;
  readonly onSale: number;
}

export interface QuoteKey {
  readonly kid: string;
  /** At least `secretBytesMin`. */
  readonly secret: Uint8Array;
}

/**
 * The first one signs. The others verify as well: a key is taken out of the list once it has not signed for as long as a
 * quote lives.
 */
export type QuoteKeys = readonly [QuoteKey, ...QuoteKey[]];

const version = 1;
const secretBytesMin = 32;

/** Throws where a key is too short to be one, or has the name of another. */
export function assertQuoteKeys(keys: QuoteKeys): void {
  for (const { kid, secret } of keys) {
    if (secret.byteLength < secretBytesMin)
      throw new RangeError(`the secret of "${kid}" has ${secret.byteLength} bytes of ${secretBytesMin}`);
  }
  if (new Set(keys.map(({ kid }) => kid)).size < keys.length) throw new RangeError("two keys have one name");
}

export function signQuote([key]: QuoteKeys, quote: Quote): string {
  const { user, issuedAt, expiresAt, log, currency, total, lines } = quote;
  const wire: z.input<typeof payload> = {
    v: version,
    kid: key.kid,
    sub: user,
    iat: issuedAt,
    exp: expiresAt,
    log,
    currency,
    total,
    lines: lines.map(({ product, quantity, price, sale, priced, onSale, seen }) => [
      product,
      quantity,
      price?.amount ?? null,
      sale,
      priced,
      onSale,
      seen,
    ]),
  };
  const text = Buffer.from(JSON.stringify(wire)).toString("base64url");
  return `${text}.${signatureOf(key, text)}`;
}

/** The quote, whomever and whenever it is for; undefined for what is none of ours to the last letter. Never throws. */
export function openQuote(keys: QuoteKeys, quote: string): Quote | undefined {
  if (quote.length > checkoutLimits.quoteBytesMax) return undefined;
  const [text = "", signature = "", ...others] = quote.split(".");
  if (others.length > 0) return undefined;
  // Nothing of it is read before it is known to be ours, its key's name included: there are a few keys at most.
  const key = keys.find((one) => isSame(signatureOf(one, text), signature));
  if (key === undefined) return undefined;
  const parsed = payload.safeParse(JSON.parse(Buffer.from(text, "base64url").toString()));
  if (!parsed.success || parsed.data.kid !== key.kid) return undefined;
  const { sub, iat, exp, log, currency, total, lines } = parsed.data;
  return {
    user: sub,
    issuedAt: iat,
    expiresAt: exp,
    log,
    currency,
    total,
    lines: lines.map(([product, quantity, amount, sale, priced, onSale, seen]) => {
      const price = amount === null || currency === null ? null : { amount, currency };
      return { product, quantity, price, sale, priced, onSale, seen };
    }),
  };
}

const signatureOf = ({ secret }: QuoteKey, text: string) =>
  createHmac("sha256", secret).update(text).digest("base64url");

/** As texts: of bytes there are several spellings. In constant time. */
function isSame(expected: string, given: string): boolean {
  const bytes = Buffer.from(given);
  return bytes.length === expected.length && timingSafeEqual(Buffer.from(expected), bytes);
}

const whole = z.int().min(0);

const payload = z.strictObject({
  v: z.literal(version),
  kid: z.string(),
  sub: identifier,
  iat: whole,
  exp: whole,
  log: whole,
  currency: z.string().nullable(),
  total: whole,
  lines: z.array(
    z.tuple([identifier, z.int().min(1), whole.nullable(), identifier.nullable(), whole, whole, whole]),
  ),
});
