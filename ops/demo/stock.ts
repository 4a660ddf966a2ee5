import { type DatedEvent, dated, dayMs, hourMs, moments } from "./event.ts";
import type { DemoProduct } from "./products.ts";
import type { Random } from "./random.ts";

/** How stock moves: a delivery, sales, returns and new deliveries, and for some the last one sold. */
export function stockHistory({ id, bornAt }: DemoProduct, random: Random, now: number): DatedEvent[] {
  let quantity = random.between(12, 180);
  const events: DatedEvent[] = [];
  const add = (at: number, reason: string, reference: string) =>
    events.push(dated(at, "inventory.changed", id, { new_quantity: quantity, reason, reference }));

  add(bornAt + 2_000, "restock", `PO-${random.between(10_000, 99_999)}`);
  const end = lastQuantity(random);
  const moves = random.between(0, 2);
  const times = moments(random, bornAt + dayMs, now - hourMs, moves + (end === undefined ? 0 : 1));
  for (const [index, at] of times.entries()) {
    if (index === moves && end !== undefined) {
      quantity = end;
      add(at, "purchase", orderReference(random));
    } else if (quantity < 10) {
      quantity += random.between(20, 120);
      add(at, "restock", `PO-${random.between(10_000, 99_999)}`);
    } else if (random.chance(0.12)) {
      quantity += 1;
      add(at, "return", orderReference(random));
    } else {
      quantity -= random.between(1, Math.floor(quantity * 0.7));
      add(at, "purchase", orderReference(random));
    }
  }
  return events;
}

/** Some are sold out and some nearly; undefined for those whose stock is where its moves left it. */
function lastQuantity(random: Random): number | undefined {
  const draw = random.next();
  if (draw < 0.06) return 0;
  return draw < 0.16 ? random.between(1, 4) : undefined;
}

function orderReference(random: Random): string {
  return `ORD-${random.between(100_000, 999_999)}`;
}
