import type { Details } from "../../projections/details.ts";
import type { Price } from "../../projections/price.ts";
import { type ProductSale, type ProductSales, saleInForce } from "../../projections/sales.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { Money } from "../../streams/payloads.ts";
import { displayMoney } from "../money.ts";
import type { StrongReads } from "../strong-reads.ts";
import { checkoutLimits } from "./checkout-limits.ts";

/** On what terms a product is sold, from the log's leader. */
export interface Offer {
  readonly details: Details;
  readonly price: Price | undefined;
  readonly sales: ProductSales | undefined;
}

export type OfferReads = Pick<StrongReads, "strongDetails" | "strongPrice" | "strongInventory">;

/** What a unit costs at a moment, and the sale that makes it so. */
export interface Terms {
  readonly price: Money;
  readonly sale: ProductSale | undefined;
}

/** Undefined where it is not for sale: discontinued, or never priced. */
export function termsAt({ details, price, sales }: Offer, moment: number): Terms | undefined {
  return details.status === "discontinued" || price === undefined ? undefined : termsOf(price, sales, moment);
}

export function termsOf(price: Price, sales: ProductSales | undefined, moment: number): Terms {
  const sale = saleInForce(price, sales, moment);
  return { price: { amount: sale?.amount ?? price.amount, currency: price.currency }, sale };
}

/**
 * Reads a few lines at a time, so that one long cart does not stand before everybody who asks the log; where one cannot be
 * read, the others are not.
 */
export function createOffers(reads: OfferReads) {
  /** Undefined for what is no product. */
  async function offerOf(product: Identifier): Promise<Offer | undefined> {
    const [details, priced] = await Promise.all([reads.strongDetails(product), reads.strongPrice(product)]);
    return details && { details, ...priced };
  }

  async function each<T>(products: readonly Identifier[], read: (product: Identifier) => Promise<T>) {
    const found: T[] = [];
    for (let at = 0; at < products.length; at += linesAtOnce)
      found.push(...(await Promise.all(products.slice(at, at + linesAtOnce).map(read))));
    return found;
  }

  return {
    offersOf: (products: readonly Identifier[]) => each(products, offerOf),
    stockOf: (products: readonly Identifier[]) => each(products, reads.strongInventory),
  };
}

const { linesAtOnce } = checkoutLimits;

export type Offers = ReturnType<typeof createOffers>;

export const moneyView = ({ amount, currency }: Money) => ({
  amount,
  currency,
  display: displayMoney(amount, currency),
});

export const totalOf = (lines: readonly { readonly price: Money; readonly quantity: number }[]): number =>
  lines.reduce((sum, { price, quantity }) => sum + price.amount * quantity, 0);
