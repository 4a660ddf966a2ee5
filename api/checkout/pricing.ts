import type { HeldLine, QuotedLine } from "../../streams/checkout-events.ts";
import type { Money } from "../../streams/payloads.ts";
import { Problem } from "../problems.ts";
import type { Wish } from "./accounts.ts";
import { moneyView, type Offers, termsAt, totalOf } from "./offers.ts";

/** The lines of a quote at the prices that they are sold for, or why they are not sold. */
export type Priced =
  | { readonly outcome: "priced"; readonly lines: readonly PricedLine[]; readonly total: Money }
  | { readonly outcome: "refused"; readonly problem: Problem };

export interface PricedLine extends HeldLine {
  readonly seen: number;
  /** Where its sale has a limit for each buyer. */
  readonly wish: Wish | undefined;
}

/** Reads every price from the log's leader again. What became cheaper is sold for less; what became dearer is not sold. */
export async function priceAgain(
  offers: Offers,
  quoted: readonly QuotedLine[],
  now: () => number,
): Promise<Priced> {
  const found = await offers.offersOf(quoted.map(({ product }) => product));
  const moment = now();
  const gone: string[] = [];
  const moved: object[] = [];
  const lines: PricedLine[] = [];
  for (const [at, { product, quantity, price: old, seen }] of quoted.entries()) {
    const offer = found[at];
    const terms = offer && termsAt(offer, moment);
    if (old === null || terms === undefined) {
      gone.push(product);
      continue;
    }
    const { price, sale } = terms;
    if (price.currency !== old.currency || price.amount > old.amount)
      moved.push({ product_id: product, old: moneyView(old), new: moneyView(price) });
    const wish = sale !== undefined &&
      sale.purchase_limit !== null && {
        sale: sale.sale_id,
        product,
        units: quantity,
        ends: sale.ends_at,
        limit: sale.purchase_limit,
      };
    lines.push({ product, quantity, price, sale: sale?.sale_id ?? null, seen, wish: wish || undefined });
  }
  const currency = lines[0]?.price.currency;
  if (gone.length > 0 || currency === undefined)
    return refused(
      "not-for-sale",
      "ask for a quote without them",
      gone.map((product_id) => ({ product_id })),
    );
  if (moved.length > 0) return refused("price-moved", "ask for a new quote", moved);
  return { outcome: "priced", lines, total: { amount: totalOf(lines), currency } };
}

function refused(code: "not-for-sale" | "price-moved", detail: string, lines: readonly object[]): Priced {
  return { outcome: "refused", problem: new Problem(code, detail, [], { members: { lines } }) };
}
