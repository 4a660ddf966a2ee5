import { hkdfSync } from "node:crypto";
import { z } from "zod";
import { defaultTerms, holdMsMin, openMaxMax } from "../api/checkout/checkout-limits.ts";
import type { QuoteKey, QuoteKeys } from "../api/checkout/quote-token.ts";
import { demoSecret } from "./demo/token.ts";
import { type Setting, wholeNumber } from "./setting.ts";

/** With what quotes are signed, and what a buyer may have. */
export const checkoutSettings = {
  quoteKeys: {
    name: "QUOTE_KEYS",
    unset: undefined,
    default: "made from `JWT_SECRET`, or the demo's own",
    meaning:
      "Keys that quotes are signed with: the first one signs, all verify. The same in every API process; without any nothing is sold",
    allowed:
      "NAME:SECRET, several separated by commas; a secret has at least 32 bytes, and a name no other key has",
    schema: z
      .string()
      .regex(/^[\w-]{1,32}:[^,]+(?:,[\w-]{1,32}:[^,]+)*$/)
      .transform((text) => text.split(",").map(keyOf))
      .refine((keys) => keys.every(({ secret }) => secret.byteLength >= 32))
      .refine((keys) => new Set(keys.map(({ kid }) => kid)).size === keys.length),
    secret: true,
  } satisfies Setting<readonly QuoteKey[] | undefined>,
  holdSeconds: {
    name: "HOLD_SECONDS",
    unset: defaultTerms.holdMs / 1_000,
    default: String(defaultTerms.holdMs / 1_000),
    meaning: "How long a reservation holds its units for a buyer",
    allowed: `a whole number from ${holdMsMin / 1_000} to 86400`,
    schema: wholeNumber(holdMsMin / 1_000, 86_400),
  } satisfies Setting<number>,
  openReservationsMax: {
    name: "OPEN_RESERVATIONS_MAX",
    unset: defaultTerms.openMax,
    default: String(defaultTerms.openMax),
    meaning: "How many open reservations an account may have",
    allowed: `a whole number from 1 to ${openMaxMax}`,
    schema: wholeNumber(1, openMaxMax),
  } satisfies Setting<number>,
  openSaleReservationsMax: {
    name: "OPEN_SALE_RESERVATIONS_MAX",
    unset: defaultTerms.openInSaleMax,
    default: String(defaultTerms.openInSaleMax),
    meaning: "How many of them may have something of a sale",
    allowed: `a whole number from 1 to ${openMaxMax}`,
    schema: wholeNumber(1, openMaxMax),
  } satisfies Setting<number>,
  reservationsPerMinuteMax: {
    name: "RESERVATIONS_PER_MINUTE_MAX",
    unset: defaultTerms.perMinuteMax,
    default: String(defaultTerms.perMinuteMax),
    meaning: "How many reservations an account may begin in a minute",
    allowed: `a whole number from 1 to ${openMaxMax}`,
    schema: wholeNumber(1, openMaxMax),
  } satisfies Setting<number>,
};

function keyOf(text: string): QuoteKey {
  const end = text.indexOf(":");
  return { kid: text.slice(0, end), secret: Buffer.from(text.slice(end + 1)) };
}

interface Secrets {
  readonly quoteKeys: readonly QuoteKey[] | undefined;
  readonly jwtSecret: string | undefined;
  readonly jwtKeySetUrl: string | undefined;
  readonly demo: boolean;
  readonly dataDir: string;
}

/** Undefined where every API process would have a key of its own. */
export function quoteKeysOf({
  quoteKeys,
  jwtSecret,
  jwtKeySetUrl,
  demo,
  dataDir,
}: Secrets): QuoteKeys | undefined {
  const [first, ...others] = quoteKeys ?? [];
  if (first !== undefined) return [first, ...others];
  if (jwtSecret !== undefined) return [madeFrom(jwtSecret)];
  return demo && jwtKeySetUrl === undefined ? [madeFrom(demoSecret(dataDir))] : undefined;
}

/** Whoever can forge one may not thereby forge the other. RFC 5869. */
function madeFrom(secret: string): QuoteKey {
  const made = hkdfSync("sha256", secret, "", "shelfwire quotes", 32);
  return { kid: "made", secret: new Uint8Array(made) };
}
