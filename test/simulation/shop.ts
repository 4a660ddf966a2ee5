import type { Random } from "../../ops/demo/random.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { partitionOf } from "../../streams/partition.ts";
import { type EventKind, publicSubject } from "../../streams/subjects.ts";
import { id } from "../streams/id.ts";

/**
 * Events of a very small shop, in which everything that can meet does: few products in few categories, groups
 * and sales, two currencies, every kind of event and every way of being bad.
 */

/** When a run begins, in milliseconds since 1970. */
export const startedAt = Date.parse("2026-11-27T00:00:00Z");

/** Strays belong to partition 0, so it is always among them. */
export const fewPartitions: readonly number[] = [0, 4, 9];

const candidates = ["lamp", "desk", "röd stol", "a.b", "__proto__", "x:{y}", "BANK CHARGES"];
for (let number = 1; number < 40; number++) candidates.push(`p${number}`);

const partitionOfName = (name: string) => partitionOf(tokenOf(id(name)));
const namesIn = (partition: number, names: readonly string[], count: number) =>
  names
    .filter((name) => partitionOfName(name) === partition)
    .slice(0, count)
    .map(id);
export const products: readonly Identifier[] = fewPartitions.flatMap((partition) =>
  namesIn(partition, candidates, 2),
);

const shelves = Array.from({ length: 60 }, (_, number) => `shelf ${number}`);
const categories = fewPartitions.flatMap((partition) => namesIn(partition, shelves, 2)).slice(0, 4);
const [someProduct = id("p1")] = products;
const sales = ["friday", "cyber week"].map(id);
const groups = ["family", "sets"].map(id);
const reviews = ["r1", "r2", "r:3"];

export interface ShopEvent {
  readonly subject: string;
  readonly payload: string;
}

const badPayloads = [
  "",
  "{",
  "null",
  "{}",
  '{"new_price":{"amount":-1,"currency":"GBP"}}',
  '{"new_quantity":-1}',
  '{"title":"\\ud800"}',
  '{"review_id":"r1","rating":9}',
];
const badSubjects = [
  "catalog.x",
  "catalog.price.updated.lamp.red",
  `catalog.price.cut.${tokenOf(someProduct)}`,
];

/** One event of the shop. `healAt`: sales begin and end before it or long after, so that the end is quiet. */
export function shopEvent(random: Random, healAt: number): ShopEvent {
  const draw = random.next();
  const product = random.pick(products);
  if (draw < 0.08)
    return { subject: publicSubject(random.pick(productKinds), product), payload: random.pick(badPayloads) };
  if (draw < 0.1) return { subject: random.pick(badSubjects), payload: "{}" };
  if (draw < 0.28) return event("product.modified", product, details(random));
  if (draw < 0.5) return event("price.updated", product, { new_price: money(random) });
  if (draw < 0.6) return event("inventory.changed", product, { new_quantity: random.between(0, 9) });
  if (draw < 0.76)
    return event("review.posted", product, { review_id: random.pick(reviews), rating: random.between(1, 5) });
  if (draw < 0.87) return event("category.modified", random.pick(categories), category(random));
  if (draw < 0.97) return event("sale.scheduled", random.pick(sales), sale(random, healAt));
  return event("sale.cancelled", random.pick(sales), {});
}

const productKinds = ["product.modified", "price.updated", "inventory.changed", "review.posted"] as const;

function event(kind: EventKind, about: Identifier, payload: object): ShopEvent {
  return { subject: publicSubject(kind, about), payload: JSON.stringify(payload) };
}

function money(random: Random): object {
  return { amount: random.between(0, 50), currency: random.chance(0.8) ? "GBP" : "EUR" };
}

function details(random: Random): object {
  return {
    title: random.pick(["One", "Two"]),
    ...(random.chance(0.2) && { status: "discontinued" }),
    ...(random.chance(0.7) && { category_ids: random.sample(categories, random.between(0, 2)) }),
    ...(random.chance(0.5) && { group_id: random.pick(groups) }),
  };
}

function category(random: Random): object {
  return { name: "Name", ...(random.chance(0.7) && { parent_id: random.pick(categories) }) };
}

const day = 24 * 3600 * 1_000;

function sale(random: Random, healAt: number): object {
  const soon = () => startedAt + random.between(0, healAt - 100);
  const starts = random.chance(0.5) ? startedAt - day : soon();
  const ends = random.chance(0.5) ? startedAt + day : Math.max(starts + 1, soon());
  const items = random
    .sample(products, random.between(0, 3))
    .map((product_id) => ({ product_id, sale_price: money(random) }));
  return { starts_at: new Date(starts).toISOString(), ends_at: new Date(ends).toISOString(), items };
}
