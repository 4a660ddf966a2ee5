import fc from "fast-check";
import { publicSubject } from "../../streams/subjects.ts";
import { id } from "../streams/id.ts";
import type { Names } from "./dump.ts";

/**
 * Histories of a very small shop, in which everything that can meet does: few products in few categories,
 * groups and sales, in two currencies, with events of every kind and every way of being bad.
 */

/** As a publisher sends it; the payload may be anything. */
export interface Published {
  readonly subject: string;
  readonly payload: string;
}

const productNames = ["lamp", "desk", "röd stol", "a.b", "__proto__", "x:{y}"] as const;
const categoryNames = ["home", "light", "wood", "constructor"] as const;
const saleNames = ["friday", "cyber week"] as const;
const groupNames = ["family", "sets"] as const;
const reviewNames = ["r1", "r2", "r:3"] as const;

export const names: Names = {
  products: productNames.map(id),
  categories: categoryNames.map(id),
  sales: saleNames.map(id),
  groups: groupNames.map(id),
  reviews: reviewNames.map(id),
};

/** When the histories take place: the log's time of the first event, in milliseconds since 1970. */
export const historyStart = Date.parse("2026-11-27T00:00:00Z");
const day = 24 * 3600 * 1_000;

const product = fc.constantFrom(...productNames);
const category = fc.constantFrom(...categoryNames);
const sale = fc.constantFrom(...saleNames);
const money = fc.record({
  amount: fc.integer({ min: 0, max: 50 }),
  currency: fc.constantFrom("GBP", "GBP", "GBP", "EUR"),
});
const moment = fc
  .integer({ min: -3, max: 3 })
  .map((days) => new Date(historyStart + days * day).toISOString());

type Kind = Parameters<typeof publicSubject>[0];
const publish = (
  kind: Kind,
  about: fc.Arbitrary<string>,
  payload: fc.Arbitrary<object>,
): fc.Arbitrary<Published> =>
  fc.tuple(about, payload).map(([name, data]) => ({
    subject: publicSubject(kind, id(name)),
    payload: JSON.stringify(data),
  }));

const details = fc.record(
  {
    title: fc.constantFrom("One", "Two"),
    status: fc.constantFrom("active", "active", "discontinued"),
    category_ids: fc.uniqueArray(category, { maxLength: 2 }),
    group_id: fc.constantFrom(...groupNames, null),
    occurred_at: moment,
  },
  { requiredKeys: ["title"] },
);
const scheduled = fc
  .record({
    starts_at: fc.integer({ min: -3, max: 0 }),
    days: fc.integer({ min: 1, max: 4 }),
    items: fc.array(fc.record({ product_id: product, sale_price: money }), { maxLength: 3 }),
  })
  .map(({ starts_at, days, items }) => ({
    starts_at: new Date(historyStart + starts_at * day).toISOString(),
    ends_at: new Date(historyStart + (starts_at + days) * day).toISOString(),
    items,
  }));

const good = fc.oneof(
  { weight: 4, arbitrary: publish("product.modified", product, details) },
  { weight: 4, arbitrary: publish("price.updated", product, fc.record({ new_price: money })) },
  { weight: 2, arbitrary: publish("inventory.changed", product, fc.record({ new_quantity: fc.nat(9) })) },
  {
    weight: 3,
    arbitrary: publish(
      "review.posted",
      product,
      fc.record({ review_id: fc.constantFrom(...reviewNames), rating: fc.integer({ min: 1, max: 5 }) }),
    ),
  },
  {
    weight: 4,
    arbitrary: publish(
      "category.modified",
      category,
      fc.record({ name: fc.constant("Name"), parent_id: fc.option(category) }, { requiredKeys: ["name"] }),
    ),
  },
  { weight: 3, arbitrary: publish("sale.scheduled", sale, scheduled) },
  { weight: 1, arbitrary: publish("sale.cancelled", sale, fc.constant({})) },
  {
    weight: 1,
    arbitrary: publish(
      "featured.set",
      fc.constant("top"),
      fc.record({ product_ids: fc.array(product, { maxLength: 2 }) }),
    ),
  },
);

const badPayload = fc.constantFrom(
  "",
  "{",
  "null",
  "[]",
  "{}",
  '{"new_price":{"amount":-1,"currency":"GBP"}}',
  '{"new_quantity":-1}',
  '{"title":"\\ud800"}',
  '{"review_id":"r1","rating":9}',
);
const badSubject = fc.constantFrom(
  "catalog.x",
  "catalog.price.updated.lamp.red",
  "catalog.price.cut.lamp",
  "catalog.price.updated.l=61mp",
);
const bad = fc.oneof(
  fc.record({
    subject: fc
      .tuple(
        fc.constantFrom<Kind>("product.modified", "price.updated", "inventory.changed", "review.posted"),
        product,
      )
      .map(([kind, name]) => publicSubject(kind, id(name))),
    payload: badPayload,
  }),
  fc.record({ subject: badSubject, payload: fc.constant("{}") }),
);

export const arbitraryEvent: fc.Arbitrary<Published> = fc.oneof(
  { weight: 7, arbitrary: good },
  { weight: 1, arbitrary: bad },
);

export const arbitraryHistory = fc.array(arbitraryEvent, { minLength: 1, maxLength: 40 });
