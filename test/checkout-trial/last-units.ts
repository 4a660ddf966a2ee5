import { reservationOf } from "../../api/checkout/reservation.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { id } from "../streams/id.ts";
import type { Buyer } from "./buyer.ts";
import type { Asked } from "./ledger.ts";
import type { CartLine, Fate } from "./shop.ts";

/** More than there is of anything, so that the refusal says how many units there are. */
export const tooMany = 9_999;

export interface Bought extends Asked {
  /** Where it was refused: how many units there were. */
  readonly available: number;
}

/** One line, from the quote to its end. */
export async function buy(
  buyer: Buyer,
  user: Identifier,
  key: string,
  line: CartLine,
  fate: Fate,
): Promise<Bought> {
  const lines = [line];
  const asked = { reservation: reservationOf(user, key), lines, available: 0 };
  const quote = await buyer.quote(user, lines);
  if (quote === undefined) return { ...asked, outcome: "unknown" };
  const reserved = await buyer.reserve(user, key, quote);
  switch (reserved.outcome) {
    case "held":
      return { ...asked, outcome: (await buyer.end(user, reserved.reservation, fate)) ? fate : "unknown" };
    case "refused":
      return { ...asked, outcome: "refused", available: reserved.available.get(line.product) ?? 0 };
    default:
      return { ...asked, outcome: reserved.outcome };
  }
}

/** Buys what is left of the product, until there is none. What it was told on the way is judged as all other attempts are. */
export async function buyLastUnits(product: Identifier, buyer: Buyer): Promise<readonly Asked[]> {
  const user = id(`last-buyer-of-${product}`);
  const asked: Asked[] = [];
  for (let quantity = tooMany; quantity > 0; ) {
    const bought = await buy(buyer, user, `last-${asked.length}`, { product, quantity }, "sold");
    asked.push(bought);
    quantity = bought.outcome === "sold" ? tooMany : bought.available;
  }
  return asked;
}
