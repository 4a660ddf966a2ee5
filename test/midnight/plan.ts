import { createRandom, type Random } from "../../ops/demo/random.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { publicSubject } from "../../streams/subjects.ts";
import { id } from "../streams/id.ts";
import { createShop, type Shop, type ShopEvent } from "../outages/shop.ts";

/**
 * One night, the same for every trial of a seed: which products are in the sale and which become hot for other reasons,
 * what readers ask for, and what changes. Every reason to be hot occurs, so that each could be lost:
 *
 * - `deals`: in the sale. Each is read too little to be hot by heat.
 * - `heated`: read far more than it takes.
 * - `added`: wanted by the operator. `dropped`: their prices fall to less than half. Of both the first happens while the
 *   products of the sale are warmed, and the second behind its start, as soon as the read models are level again.
 */
export interface Plan {
  /** The catalogue, and the row of changes of this night. */
  readonly shop: Shop;
  readonly deals: readonly Deal[];
  readonly added: readonly [Identifier, Identifier];
  readonly dropped: readonly [Identifier, Identifier];
  /** All that have a reason to be hot in the end. */
  readonly hot: readonly Identifier[];
  /** What the reader of this number asks for. */
  wanted(turn: number): Identifier;
  /** Times are milliseconds since 1970. */
  sale(startsAt: number, endsAt: number): ShopEvent;
  drop(product: Identifier): ShopEvent;
}

export interface Deal {
  readonly id: Identifier;
  readonly salePrice: number;
}

const dealCount = 20;
const heatedCount = 2;
const currency = "GBP";
const salePart = 0.6;
const dropPart = 0.4;
/** Of the opening price, up or down: a change of a price is never a drop, and no regular price is a sale's. */
const priceSpread = 0.05;
const quantityMax = 1_000;
/** Of ten readers: six want what is heated, three a deal. */
const turns = ["heated", "deal", "heated", "other", "heated", "deal", "heated", "heated", "deal", "heated"];

export function planOf(seed: number, productCount: number): Plan {
  const shop = createShop(productCount);
  const amounts = openingAmounts(shop);
  const amountOf = (product: Identifier) => amounts.get(product) ?? 0;
  const chosen = createRandom(seed, 1).sample(shop.products, dealCount + heatedCount + 4);
  const deals = chosen.slice(0, dealCount).map((product) => ({
    id: product,
    salePrice: Math.floor(salePart * amountOf(product)),
  }));
  const heated = chosen.slice(dealCount, dealCount + heatedCount);
  const [added1, added2, dropped1, dropped2] = chosen.slice(dealCount + heatedCount);
  if (added1 === undefined || added2 === undefined || dropped1 === undefined || dropped2 === undefined)
    throw new RangeError(`${productCount} products are too few for a night`);
  const special = new Set(chosen);
  const others = shop.products.filter((product) => !special.has(product));

  const price = (product: Identifier, amount: number): ShopEvent => ({
    subject: publicSubject("price.updated", product),
    payload: json({ new_price: { amount, currency } }),
    sets: { id: product, value: "price", number: amount },
  });

  function movedPrice(product: Identifier, random: Random): ShopEvent {
    const part = 1 + priceSpread * (2 * random.next() - 1);
    return price(product, Math.round(part * amountOf(product)));
  }

  function movedStock(product: Identifier, random: Random): ShopEvent {
    const quantity = random.between(1, quantityMax);
    return {
      subject: publicSubject("inventory.changed", product),
      payload: json({ new_quantity: quantity, reason: "adjustment" }),
      sets: { id: product, value: "stock", number: quantity },
    };
  }

  return {
    shop: {
      ...shop,
      change(index) {
        const random = createRandom(seed, 1_000 + index);
        const product = random.pick(random.chance(0.5) ? deals.map((deal) => deal.id) : others);
        return random.chance(0.5) ? movedStock(product, random) : movedPrice(product, random);
      },
    },
    deals,
    added: [added1, added2],
    dropped: [dropped1, dropped2],
    hot: chosen,
    wanted(turn) {
      const round = Math.floor(turn / turns.length);
      const kind = turns[turn % turns.length];
      const all = kind === "heated" ? heated : kind === "deal" ? deals.map((deal) => deal.id) : others;
      // In turn within its kind, so that none has a burst that makes it hot by chance.
      const own = turns.filter((one) => one === kind).length;
      const before = turns.slice(0, turn % turns.length).filter((one) => one === kind).length;
      return all[(round * own + before) % all.length] as Identifier;
    },
    sale: (startsAt, endsAt) => ({
      subject: publicSubject("sale.scheduled", id("midnight")),
      payload: json({
        starts_at: new Date(startsAt).toISOString(),
        ends_at: new Date(endsAt).toISOString(),
        items: deals.map((deal) => ({
          product_id: deal.id,
          sale_price: { amount: deal.salePrice, currency },
        })),
      }),
    }),
    drop: (product) => price(product, Math.floor(dropPart * amountOf(product))),
  };
}

function openingAmounts(shop: Shop): ReadonlyMap<Identifier, number> {
  const prices = shop.opening().flatMap(({ sets }) => (sets?.value === "price" ? [sets] : []));
  return new Map(prices.map((sets) => [sets.id, sets.number]));
}

const json = (payload: object): Uint8Array => Buffer.from(JSON.stringify(payload));
