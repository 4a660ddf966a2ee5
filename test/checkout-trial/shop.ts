import { createRandom, type Random } from "../../ops/demo/random.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { partitionOf } from "../../streams/partition.ts";
import { publicSubject } from "../../streams/subjects.ts";
import { id } from "../streams/id.ts";

/**
 * What there is, and what becomes of each attempt to buy some of it, the same for every trial of a seed. A visit is one
 * buyer with one cart, who tries a few times if he must; each try is an attempt with a number of its own. So whoever knows
 * an attempt's number knows all about it, and a million of them take no room.
 */
export interface Shop extends ShopSettings {
  readonly products: readonly Identifier[];
  userOf(visit: number): Identifier;
  /** Each product once. */
  cartOf(visit: number): readonly CartLine[];
  /** What the buyer does if he gets what he asks for. */
  fateOf(attempt: number): Fate;
}

export interface CartLine {
  readonly product: Identifier;
  readonly quantity: number;
}

/** `left`: until its time is up. */
export type Fate = "sold" | "cancelled" | "left";

export interface ShopSettings {
  readonly seed: number;
  /** What its products and users are named by. */
  readonly name: string;
  readonly productCount: number;
  /** Of each product. */
  readonly units: number;
  readonly users: number;
  /** Whether each cart is of one partition's products. */
  readonly onePartition: boolean;
}

/** One quote is enough for all of them. */
export const triesOfVisit = 8;
export const attemptOf = (visit: number, turn: number): number => visit * triesOfVisit + turn;
export const visitOf = (attempt: number): number => Math.floor(attempt / triesOfVisit);

/** Of ten buyers who got what they asked for. */
const fates: readonly Fate[] = [...Array<Fate>(5).fill("sold"), ...Array<Fate>(4).fill("cancelled"), "left"];
/** How many lines carts have. */
const sizes = [1, 1, 1, 2, 2, 3];
const quantityMax = 3;
/** By this power of an even draw: the first tenth of the products is in a third of the carts. */
const skew = 2;
/** Streams of random numbers. */
const carts = 0;
const whatNext = 1;

export function createShop(settings: ShopSettings): Shop {
  const { seed, name, productCount, users, onePartition } = settings;
  const products = Array.from({ length: productCount }, (_, at) => id(`${name}-${at}`));
  const shelves = Map.groupBy(products, (product) => partitionOf(tokenOf(product)));
  // Numbers of two streams never meet.
  const drawing = (stream: number, number: number) => createRandom(seed, 2 * number + stream);

  function pick(random: Random, from: readonly Identifier[]): Identifier {
    return from[Math.floor(from.length * random.next() ** skew)] ?? random.pick(from);
  }

  return {
    ...settings,
    products,
    userOf: (visit) => id(`${name}-buyer-${visit % users}`),
    cartOf(visit) {
      const random = drawing(carts, visit);
      const first = pick(random, products);
      const others = onePartition ? (shelves.get(partitionOf(tokenOf(first))) ?? []) : products;
      const chosen = new Set([first]);
      const size = Math.min(random.pick(sizes), others.length);
      while (chosen.size < size) chosen.add(pick(random, others));
      return [...chosen].map((product) => ({ product, quantity: random.between(1, quantityMax) }));
    },
    fateOf: (attempt) => drawing(whatNext, attempt).pick(fates),
  };
}

export interface ShopEvent {
  readonly subject: string;
  readonly payload: Uint8Array;
}

/** Its catalogue, with one count of each product. */
export function openingOf({ products, units }: Shop): readonly ShopEvent[] {
  const event = (subject: string, payload: object): ShopEvent => ({
    subject,
    payload: Buffer.from(JSON.stringify(payload)),
  });
  return products.flatMap((product, at) => [
    event(publicSubject("product.modified", product), { title: `Tealight holder ${at}` }),
    event(publicSubject("price.updated", product), { new_price: { amount: 500 + at, currency: "GBP" } }),
    event(publicSubject("inventory.changed", product), { new_quantity: units }),
  ]);
}
