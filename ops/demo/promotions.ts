import type { Identifier } from "../../streams/identifier.ts";
import { type DatedEvent, dated, dayMs, gbp } from "./event.ts";
import { regularPrice } from "./prices.ts";
import type { Random } from "./random.ts";
import { slug } from "./slug.ts";

/** What the demo shop pushes: a sale that runs, a sale to come, and the home page's shelves. */

/** A product that can be bought, newest first in lists of them. */
export interface Offer {
  readonly id: Identifier;
  readonly bornAt: number;
  readonly pence: number;
}

export function promotionEvents(random: Random, offers: readonly Offer[], now: number): DatedEvent[] {
  const [reduced, coming, picks] = [
    random.sample(offers, 40),
    random.sample(offers, 25),
    random.sample(offers, 12),
  ];
  const newest = offers.toSorted((one, other) => other.bornAt - one.bornAt).slice(0, 12);
  const announcedAt = now - dayMs;
  return [
    dated(announcedAt, "sale.scheduled", slug("seven-day-sale"), {
      name: "Seven Day Sale",
      starts_at: new Date(now).toISOString(),
      ends_at: new Date(now + 7 * dayMs).toISOString(),
      items: reduced.map((offer) => saleItem(offer, random)),
    }),
    dated(announcedAt, "sale.scheduled", slug("midnight-sale"), {
      name: "Midnight Sale",
      starts_at: new Date(now + 14 * dayMs).toISOString(),
      ends_at: new Date(now + 16 * dayMs).toISOString(),
      items: coming.map((offer) => saleItem(offer, random)),
    }),
    dated(announcedAt, "featured.set", slug("editors-picks"), {
      title: "Our editors' picks",
      product_ids: picks.map(({ id }) => id),
    }),
    dated(announcedAt, "featured.set", slug("new-arrivals"), {
      title: "Just arrived",
      product_ids: newest.map(({ id }) => id),
    }),
  ];
}

function saleItem({ id, pence }: Offer, random: Random) {
  return {
    product_id: id,
    sale_price: gbp(regularPrice(pence * (0.55 + 0.25 * random.next()))),
    ...(random.chance(0.3) ? { purchase_limit: random.between(1, 3) } : {}),
  };
}
