import type { Price } from "./price.ts";
import { amountAt, nextBoundary, type ProductSales } from "./sales.ts";
import type { Version, Versions } from "./version.ts";

/** What a product costs at a moment, as its row in the listings has it. */
export interface Pricing {
  /** Of what it is made of, the newest. */
  readonly version: Version;
  /**
   * The sequences of its price and of its sales, added. An owner that fell behind may meet the sales of one that is
   * ahead, or that one's price with its own sales: of two pricings of the same version, which is that of one of both,
   * the one in which the other is older is the older one.
   */
  readonly made: number;
  /** In minor units. */
  readonly amount: number;
  /** When the amount changes next by the clock, in milliseconds since 1970. */
  readonly nextBoundary: number | undefined;
}

export function pricingAt(
  versions: Versions,
  price: Price,
  sales: ProductSales | undefined,
  moment: number,
): Pricing {
  return {
    version: versions(Math.max(price.sequence, sales?.sequence ?? 0)),
    made: price.sequence + (sales?.sequence ?? 0),
    amount: amountAt(price, sales, moment),
    nextBoundary: nextBoundary(sales, moment),
  };
}

/** Sorts as text by version, then by what else it is made of. */
export function rankOf({ version, made }: Pricing): string {
  return `${version}~${String(made).padStart(16, "0")}`;
}

/** Whether an amount fell to half or less. */
export const isHalved = (before: number | undefined, after: number | undefined): boolean =>
  before !== undefined && after !== undefined && before !== after && 2 * after <= before;
