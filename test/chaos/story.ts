import { createRandom, type Random } from "../../ops/demo/random.ts";
import { type EventKind, type LogName, publicSubject } from "../../streams/subjects.ts";
import { id } from "../streams/id.ts";
import { badEvent } from "./bad-events.ts";

/**
 * What a trial publishes: an endless story in which event `index` of a seed is always the same one. So a
 * publisher that was killed begins anew wherever it likes, and whoever checks the log knows what must be there.
 *
 * It begins with everything that the readers will ask for, and goes on with a small shop in which all that can
 * meet does. A price and a quantity carry the index, so that no two are equal and a wrong one names its event.
 */
export interface StoryEvent {
  readonly log: LogName;
  /** As a publisher writes it. */
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly isBad: boolean;
  /** What a reader must see once it is acknowledged; absent for what changes neither price nor stock, or is bad. */
  readonly sets?: "price" | "inventory";
}

const odd = ["röd stol", "a.b", "x:{y}", "__proto__", "100% wool", "ab*c>"];
export const productIds = [...Array.from({ length: 18 }, (_, at) => `P-${at}`), ...odd].map(id);
const categoryIds = ["home", "light", "wood", "metal", "constructor"].map(id);
const saleIds = ["friday", "cyber week", "spring"].map(id);
const groupIds = ["family", "sets"].map(id);
const userIds = ["ada", "joão"].map(id);

/** So many events make every product readable, with a price and a stock. */
export const openingLength = categoryIds.length + 3 * productIds.length;

export interface StorySettings {
  readonly seed: number;
  /** How many of the events behind the opening are no events, from 0 to 1. */
  readonly badShare: number;
  /** How many of them are large, likewise. */
  readonly largeShare: number;
  /** Sales begin and end around this moment, in milliseconds since 1970. */
  readonly startedAt: number;
}

export interface Story {
  at(index: number): StoryEvent;
  /** The message id, the same in every life of the publisher. */
  idOf(index: number): string;
  /** The index in a message id; undefined for one that is not of this story. */
  indexOf(messageId: string): number | undefined;
}

export function createStory({ seed, badShare, largeShare, startedAt }: StorySettings): Story {
  const prefix = `chaos-${seed}-`;
  return {
    at(index) {
      if (index < openingLength) return opening(index);
      const random = createRandom(seed, index);
      if (random.chance(badShare)) return badEvent(random, random.pick(productIds));
      if (random.chance(largeShare)) return large(random, index);
      return randomEvent(random, index, startedAt);
    },
    idOf: (index) => `${prefix}${index}`,
    indexOf: (text) => (text.startsWith(prefix) ? Number(text.slice(prefix.length)) : undefined),
  };
}

function opening(index: number): StoryEvent {
  const category = categoryIds[index];
  if (category !== undefined) return event("category.modified", category, { name: category });
  const at = index - categoryIds.length;
  const product = productIds[Math.floor(at / 3)] ?? productIds[0] ?? id("P-0");
  if (at % 3 === 0) return event("product.modified", product, { title: product, category_ids: ["home"] });
  return at % 3 === 1 ? price(product, index, "GBP") : stock(product, index);
}

type Teller = (random: Random, index: number, startedAt: number) => StoryEvent;

/** Categories and sales touch many products at once, so there are few of them, as in a shop. */
const tellers: readonly (readonly [weight: number, tell: Teller])[] = [
  [42, (random, index) => price(random.pick(productIds), index, random.chance(0.02) ? "EUR" : "GBP")],
  [26, (random, index) => stock(random.pick(productIds), index)],
  [9, modified],
  [8, reviewed],
  [0.2, (random) => category(random)],
  [0.4, scheduled],
  [0.1, (random) => event("sale.cancelled", random.pick(saleIds), {})],
  [1, (random) => event("featured.set", id("top"), { product_ids: random.sample(productIds, 4) })],
  [3, (random) => event("view.recorded", random.pick(userIds), { product_id: random.pick(productIds) })],
  [2, ordered],
];
const weightSum = tellers.reduce((sum, [weight]) => sum + weight, 0);

function randomEvent(random: Random, index: number, startedAt: number): StoryEvent {
  let left = random.next() * weightSum;
  const [, tell] = tellers.find(([weight]) => (left -= weight) < 0) ?? [1, modified];
  return tell(random, index, startedAt);
}

function price(product: string, index: number, currency: string): StoryEvent {
  const told = { new_price: { amount: index, currency } };
  return { ...event("price.updated", product, told), sets: "price" };
}

function stock(product: string, index: number): StoryEvent {
  return { ...event("inventory.changed", product, { new_quantity: index }), sets: "inventory" };
}

function modified(random: Random, index: number): StoryEvent {
  // Now and then one that nobody has heard of before.
  const product = random.chance(0.2) ? `new-${index}` : random.pick(productIds);
  return event("product.modified", product, {
    title: `${product} as of ${index}`,
    status: random.chance(0.15) ? "discontinued" : "active",
    category_ids: random.sample(categoryIds, random.between(0, 2)),
    group_id: random.chance(0.5) ? random.pick(groupIds) : null,
    description: "x".repeat(random.between(0, 2_000)),
  });
}

/** Of products that no reader asks for. */
function large(random: Random, index: number): StoryEvent {
  const description = "x".repeat(200_000);
  return event("product.modified", `large-${random.between(1, 4)}`, { title: `As of ${index}`, description });
}

function reviewed(random: Random, index: number): StoryEvent {
  return event("review.posted", random.pick(productIds), {
    // From a few authors, so that many a review replaces an earlier one.
    review_id: `r${random.between(1, 5)}`,
    rating: random.between(1, 5),
    title: `Review ${index}`,
  });
}

/** Of five categories that hang below each other at will, many a one would be its own ancestor: that is bad. */
function category(random: Random): StoryEvent {
  const parent = random.chance(0.5) ? random.pick(categoryIds) : null;
  return event("category.modified", random.pick(categoryIds), { name: "Named", parent_id: parent });
}

/** Mostly days away; some begin and end while the trial lasts. */
function scheduled(random: Random, _: number, startedAt: number): StoryEvent {
  const far = random.chance(0.7);
  const begins = far ? random.between(-3, 2) * 86_400_000 : random.between(-2_000, 8_000);
  const lasts = far ? random.between(1, 3) * 86_400_000 : random.between(500, 4_000);
  const currency = random.chance(0.15) ? "EUR" : "GBP";
  const items = random.sample(productIds, random.between(1, 3)).map((product_id) => ({
    product_id,
    sale_price: { amount: random.between(0, 50), currency },
  }));
  return event("sale.scheduled", random.pick(saleIds), {
    starts_at: new Date(startedAt + begins).toISOString(),
    ends_at: new Date(startedAt + begins + lasts).toISOString(),
    items,
  });
}

function ordered(random: Random, index: number): StoryEvent {
  const items = [{ product_id: random.pick(productIds), quantity: random.between(1, 3) }];
  return event("order.placed", random.pick(userIds), { order_id: `o-${index}`, items });
}

function event(kind: EventKind, name: string, payload: object): StoryEvent {
  const subject = publicSubject(kind, id(name));
  const log = subject.startsWith("catalog.") ? "catalog" : "activity";
  return { log, subject, payload: Buffer.from(JSON.stringify(payload)), isBad: false };
}
