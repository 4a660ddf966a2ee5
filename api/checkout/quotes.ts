import type { Identifier } from "../../streams/identifier.ts";
import type { Inventory } from "../../projections/inventory.ts";
import { invalid } from "../parameters.ts";
import { Problem } from "../problems.ts";
import { priceView } from "../views.ts";
import { checkoutLimits } from "./checkout-limits.ts";
import { moneyView, type Offer, type Offers, termsAt, totalOf } from "./offers.ts";
import { type Quote, type QuoteKeys, signQuote } from "./quote-token.ts";
import type { Wanted } from "./request-bodies.ts";

/**
 * What a cart costs now and whether it can be had, with a signed quote. All prices are those of one moment, the quote's
 * own, and everything that they are made from was read from the log's leader just before it.
 */
export interface Quotes {
  quote(user: Identifier, wanted: readonly Wanted[]): Promise<object>;
}

export function createQuotes(options: {
  readonly offers: Offers;
  readonly keys: QuoteKeys;
  /** Of the catalogue's log. */
  readonly epoch: number;
  readonly now: () => number;
}): Quotes {
  const { offers, keys, epoch, now } = options;
  return {
    async quote(user, wanted) {
      const products = wanted.map(({ product }) => product);
      const [found, stocks] = await Promise.all([offers.offersOf(products), offers.stockOf(products)]);
      assertKnown(wanted, found);
      const issuedAt = now();
      const lines = wanted.map((each, at) => lineOf(each, found[at], stocks[at], issuedAt));
      const priced = lines.flatMap(({ sourced: { price, quantity, product } }) =>
        price === null ? [] : [{ price, quantity, product }],
      );
      assertOneCurrency(priced);
      const currency = priced[0]?.price.currency ?? null;
      const total = totalOf(priced);
      if (!Number.isSafeInteger(total))
        throw invalid([{ field: "items", message: "come to more than any money there is" }]);
      const quote: Quote = {
        user,
        issuedAt,
        expiresAt: issuedAt + checkoutLimits.quoteMs,
        log: epoch,
        currency,
        total,
        lines: lines.map(({ sourced }) => sourced),
      };
      return {
        quote: signQuote(keys, quote),
        expires_at: new Date(quote.expiresAt).toISOString(),
        currency,
        total: currency === null ? null : moneyView({ amount: total, currency }),
        lines: lines.map(({ view }) => view),
      };
    },
  };
}

/** A line as it is signed, and as it is shown. */
function lineOf(
  { product, quantity }: Wanted,
  offer: Offer | undefined,
  stock: Inventory | undefined,
  moment: number,
) {
  const terms = offer && termsAt(offer, moment);
  const available = terms === undefined ? 0 : (stock?.quantity ?? 0);
  const price = terms?.price ?? null;
  return {
    sourced: {
      product,
      quantity,
      price,
      sale: terms?.sale?.sale_id ?? null,
      priced: offer?.price?.sequence ?? 0,
      onSale: offer?.sales?.sequence ?? 0,
      seen: stock?.sequence ?? 0,
    },
    view: {
      product_id: product,
      quantity,
      price: terms === undefined ? null : priceView(offer?.price, offer?.sales, moment),
      line_total: price && moneyView({ ...price, amount: price.amount * quantity }),
      available,
      status: terms === undefined ? "unavailable" : available < quantity ? "short" : "ok",
    },
  };
}

function assertKnown(wanted: readonly Wanted[], offers: readonly (Offer | undefined)[]): void {
  const unknown = wanted.filter((_, at) => offers[at] === undefined).map(({ product }) => product);
  if (unknown.length === 0) return;
  throw new Problem(
    "unknown-product",
    `there is no product ${unknown.map((product) => `"${product}"`).join(", ")}`,
    unknown.map((product) => ({ field: "items", message: `there is no product "${product}"` })),
  );
}

function assertOneCurrency(
  priced: readonly { readonly product: Identifier; readonly price: { readonly currency: string } }[],
): void {
  if (new Set(priced.map(({ price }) => price.currency)).size <= 1) return;
  throw invalid(
    priced.map(({ product, price }) => ({
      field: "items",
      message: `"${product}" is sold in ${price.currency}; ask for a quote in each currency`,
    })),
  );
}
