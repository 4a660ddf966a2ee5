import { categoryEvents } from "./departments.ts";
import { type DatedEvent, type DemoEvent, dated, dayMs, hourMs, moments } from "./event.ts";
import { priceHistory } from "./prices.ts";
import { type DemoProduct, drawAssortment } from "./products.ts";
import { type Offer, promotionEvents } from "./promotions.ts";
import { createRandom, type Random } from "./random.ts";
import { reviewHistory } from "./reviews.ts";
import { stockHistory } from "./stock.ts";

/**
 * The demo catalogue: a shop of 5,200 products with 400 days behind it, made from a seed, without network.
 *
 * Events come in the order in which they say they happened, as a real log would have them: categories first,
 * parents before children, and a product before anything about it. The same seed and `now` give the same
 * events, byte for byte.
 */
export interface DemoOptions {
  /** Taken as 32 bits. */
  readonly seed: number;
  /** How many products, variants included. */
  readonly products?: number;
  /** When the history ends and the sale begins, in milliseconds since 1970. */
  readonly now: number;
}

const historyMs = 400 * dayMs;

/** Streams of randomness; a product's own has its position in the assortment, from 0. */
const assortmentStream = -1;
const promotionStream = -2;

/** One in so many products has no price, and another one no stock, for readers to see what null looks like. */
const withoutEvery = 1_000;

export function generateDemoCatalogue({ seed, products: count = 5_200, now }: DemoOptions): DemoEvent[] {
  const start = now - historyMs;
  const history: DatedEvent[] = categoryEvents(start);
  const offers: Offer[] = [];
  const assortment = drawAssortment(createRandom(seed, assortmentStream), count, start, now);
  for (const [position, product] of assortment.entries()) {
    const random = createRandom(seed, position);
    const prices = priceHistory(product, random, now);
    const stock = stockHistory(product, random, now);
    const priced = position % withoutEvery !== 400;
    const stocked = position % withoutEvery !== 800;
    const discontinued = random.chance(0.005);
    history.push(...documentHistory(product, discontinued, random, now));
    if (priced) history.push(...prices.events);
    if (stocked) history.push(...stock);
    history.push(...reviewHistory(product, random, now));
    if (priced && stocked && !discontinued) offers.push({ ...product, pence: prices.pence });
  }
  history.push(...promotionEvents(createRandom(seed, promotionStream), offers, now));
  // Sorting keeps equal moments in the order in which they were made.
  return history.sort((one, other) => one.at - other.at).map(({ event }) => event);
}

/** The document as it was entered, for some a better text later on, for a few the end. */
function documentHistory(
  product: DemoProduct,
  discontinued: boolean,
  random: Random,
  now: number,
): DatedEvent[] {
  const { id, bornAt, document } = product;
  const [editedAt, endedAt] = moments(random, bornAt + dayMs, now - hourMs, 2) as [number, number];
  const edited = { ...document, description: `${document.description} Returns are free for 30 days.` };
  const events = [dated(bornAt, "product.modified", id, document)];
  if (random.chance(0.08)) events.push(dated(editedAt, "product.modified", id, edited));
  if (discontinued)
    events.push(dated(endedAt, "product.modified", id, { ...document, status: "discontinued" }));
  return events;
}
