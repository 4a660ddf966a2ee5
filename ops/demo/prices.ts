import { type DatedEvent, dated, dayMs, gbp, hourMs, moments } from "./event.ts";
import type { DemoProduct } from "./products.ts";
import type { Random } from "./random.ts";

/** How prices of the demo shop move: a first one, then rises, reductions with a `list_price`, and their end. */

/** A price as shops write it: 12.49, 12.99; from 100 pounds on 129.00, 399.00. */
export function regularPrice(pence: number): number {
  if (pence >= 10_000) return Math.round(pence / 1_000) * 1_000 - 100;
  return Math.max(Math.round(pence / 50) * 50, 100) - 1;
}

export interface PriceHistory {
  readonly events: readonly DatedEvent[];
  /** What it costs in the end. */
  readonly pence: number;
}

export function priceHistory(product: DemoProduct, random: Random, now: number): PriceHistory {
  const { id, bornAt } = product;
  let regular = product.pence;
  let current = regular;
  const events = [dated(bornAt + 1_000, "price.updated", id, { new_price: gbp(regular) })];
  for (const at of moments(random, bornAt + dayMs, now - hourMs, random.pick([0, 0, 1, 1, 2, 3]))) {
    const before = current;
    if (before < regular) {
      current = regular;
    } else if (random.chance(0.7)) {
      current = regularPrice(regular * (0.65 + 0.25 * random.next()));
    } else {
      regular = regularPrice(regular * (1.04 + 0.08 * random.next()));
      current = regular;
    }
    events.push(
      dated(at, "price.updated", id, {
        new_price: gbp(current),
        ...(current < regular ? { list_price: gbp(regular) } : {}),
        old_price: gbp(before),
      }),
    );
  }
  return { events, pence: current };
}
