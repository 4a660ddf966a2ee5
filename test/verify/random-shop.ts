import fc from "fast-check";
import { type Identifier, parseIdentifier, tokenOf } from "../../streams/identifier.ts";

/**
 * A small shop where everything happens at random: few products, categories, groups and sales, so that events
 * meet; a tenth of them bad in some way. Sales lie around `noon`, the moment at which the world stands.
 */

export const noon = Date.parse("2026-11-27T12:00:00Z");

export interface Published {
  readonly subject: string;
  readonly payload: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const productTexts = ["mug", "BANK CHARGES", "85123A", "röd-stol", "lamp", "a,b", "vase", "100%"];
const categoryIds = ["home", "kitchen", "garden", "café", "unseen"];
const saleIds = ["friday", "monday", "flash"];

const product = fc.constantFrom(...productTexts);
const category = fc.constantFrom(...categoryIds);
const group = fc.constantFrom("g1", "g 2");
const currency = fc.constantFrom("GBP", "GBP", "GBP", "EUR", "JPY");
const money = fc.record({ amount: fc.integer({ min: 0, max: 5 }), currency });
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const moment = fc
  .integer({ min: -6, max: 6 })
  .map((hours) => new Date(noon + hours * 3_600_000).toISOString());
const dated = { occurred_at: orNull(moment) };

function published(
  kind: string,
  id: fc.Arbitrary<string>,
  payload: fc.Arbitrary<object>,
): fc.Arbitrary<Published> {
  return fc.record({ id, payload }).map(({ id: named, payload: fields }) => ({
    subject: `catalog.${kind}.${tokenOf(identifier(named))}`,
    payload: JSON.stringify(fields),
  }));
}

function identifier(text: string): Identifier {
  const id = parseIdentifier(text);
  if (id === undefined) throw new Error(`"${text}" is no identifier`);
  return id;
}

/** Every product that events may be about. */
export const products: readonly Identifier[] = productTexts.map(identifier);
export const categories: readonly Identifier[] = categoryIds.map(identifier);

const modified = fc.record(
  {
    title: fc.constantFrom("Mug", "Stol", "Lampe ☂"),
    brand: orNull(fc.constantFrom("Acme", "Örn")),
    status: orNull(fc.constantFrom("active", "active", "discontinued")),
    category_ids: orNull(fc.array(category, { maxLength: 3 })),
    images: fc.array(fc.record({ url: fc.constant("/a.svg"), alt: orNull(fc.constant("a")) }), {
      maxLength: 2,
    }),
    specs: fc.dictionary(
      fc.constantFrom("colour", "weight"),
      fc.oneof(fc.integer(), fc.boolean(), fc.string()),
    ),
    group_id: orNull(group),
    options: fc.dictionary(fc.constantFrom("size"), fc.constantFrom("S", "M")),
    surplus: fc.json(),
    ...dated,
  },
  { requiredKeys: ["title"] },
);

const price = currency.chain((code) => {
  const amount = fc.record({ amount: fc.integer({ min: 0, max: 6 }), currency: fc.constant(code) });
  return fc.record(
    { new_price: amount, list_price: orNull(amount), ...dated },
    { requiredKeys: ["new_price"] },
  );
});

const scheduled = fc
  .record({
    starts_at: moment,
    ends_at: moment,
    items: fc.array(
      fc.record({
        product_id: product,
        sale_price: money,
        purchase_limit: orNull(fc.integer({ min: 1, max: 3 })),
      }),
      {
        maxLength: 4,
      },
    ),
    ...dated,
  })
  .map((sale) =>
    sale.starts_at < sale.ends_at ? sale : { ...sale, starts_at: sale.ends_at, ends_at: sale.starts_at },
  );

const review = fc.record({
  review_id: fc.constantFrom(...Array.from({ length: 24 }, (_, at) => `r${at}`)),
  rating: fc.integer({ min: 1, max: 5 }),
  title: orNull(fc.string({ maxLength: 4 })),
  ...dated,
});

const categoryFields = fc.record(
  {
    name: fc.constantFrom("A", "B", "C"),
    parent_id: orNull(category),
    position: orNull(fc.integer({ min: -1, max: 1 })),
  },
  { requiredKeys: ["name"] },
);

const inventory = fc.record(
  {
    new_quantity: fc.integer({ min: 0, max: 2 }),
    reason: fc.constantFrom("restock", "purchase"),
    sells_out_at: fc.constantFrom("2026-11-23T12:00:10Z", "2026-11-23T12:00:00.5Z", "soon", null),
  },
  { requiredKeys: ["new_quantity", "reason"] },
);

/** In version 2, and in one that there is not; a place may be named twice. */
const inventoryByPlace = fc
  .record({
    fields: fc.record({
      locations: fc.array(
        fc.record({
          location_id: fc.constantFrom("north", "south dock"),
          quantity: fc.integer({ min: -1, max: 2 }),
        }),
        { maxLength: 2 },
      ),
    }),
    version: fc.constantFrom("inventory.changed:2", "inventory.changed:2", "inventory.changed:3"),
  })
  .chain(({ fields, version }) =>
    published("inventory.changed", product, fc.constant(fields)).map((event) => ({
      ...event,
      headers: { "ce-dataschema": `urn:shelfwire:${version}` },
    })),
  );

/** Bad in one way each; all but the first few on subjects that good events use too. */
const bad: fc.Arbitrary<Published> = fc.oneof(
  fc.constantFrom(
    { subject: "catalog.price", payload: "{}" },
    { subject: "catalog.price.updated.mug.deeper", payload: "{}" },
    { subject: "catalog.product.vanished.mug", payload: "{}" },
    { subject: "catalog.price.updated.=6Dug", payload: '{"new_price":{"amount":1,"currency":"GBP"}}' },
    { subject: "catalog.price.updated.%6D", payload: '{"new_price":{"amount":1,"currency":"GBP"}}' },
    { subject: "catalog.inventory.changed.=C3", payload: '{"new_quantity":1}' },
    { subject: "catalog.inventory.changed.=00", payload: '{"new_quantity":1}' },
    { subject: "catalog.inventory.changed.=2E", payload: '{"new_quantity":1}' },
  ),
  fc
    .record({
      kind: fc.constantFrom(
        "product.modified",
        "price.updated",
        "inventory.changed",
        "review.posted",
        "category.modified",
      ),
      id: product,
      payload: fc.constantFrom(
        "",
        "not json",
        "null",
        "[]",
        "{}",
        "\uFEFF{}",
        '{"title":"","new_price":{"amount":-1,"currency":"GBP"},"new_quantity":-1,"rating":6,"review_id":"r1","name":""}',
        '{"title":7,"new_price":{"amount":1,"currency":"XYZ"},"new_quantity":1.5,"rating":1.5,"review_id":"r1","name":1}',
        '{"title":"a","new_price":{"amount":1,"currency":"GBP"},"new_quantity":1,"rating":1,"review_id":"r1","name":"a","occurred_at":"noon"}',
        '{"title":"a","new_price":{"amount":1,"currency":"GBP"},"new_quantity":1,"rating":1,"review_id":"r1","name":"a","x":"\\ud800"}',
        '{"title":"a","new_price":{"amount":1,"currency":"GBP"},"new_quantity":1,"rating":1,"review_id":"r1","name":"a","occurred_at":"2026-02-30T00:00:00Z"}',
        '{"title":"a","status":"sold","new_price":{"amount":1,"currency":"GBP"},"list_price":{"amount":1,"currency":"EUR"},"new_quantity":1,"reason":"theft","rating":1,"review_id":"\\u0000","name":"a","parent_id":""}',
      ),
    })
    .map(({ kind, id, payload }) => ({ subject: `catalog.${kind}.${tokenOf(identifier(id))}`, payload })),
  fc.constantFrom(
    {
      subject: "catalog.sale.scheduled.friday",
      payload: '{"starts_at":"2026-11-27T12:00:00Z","ends_at":"2026-11-27T12:00:00Z","items":[]}',
    },
    { subject: "catalog.sale.cancelled.friday", payload: "[]" },
    { subject: "catalog.category.modified.home", payload: '{"name":"Home","parent_id":"home"}' },
    {
      subject: "catalog.inventory.changed.mug",
      payload: '{"new_quantity":3}',
      headers: { "Content-Type": "text/plain" },
    },
  ),
);

export const event: fc.Arbitrary<Published> = fc.oneof(
  { weight: 5, arbitrary: published("product.modified", product, modified) },
  { weight: 5, arbitrary: published("price.updated", product, price) },
  { weight: 2, arbitrary: published("inventory.changed", product, inventory) },
  { weight: 1, arbitrary: inventoryByPlace },
  { weight: 4, arbitrary: published("review.posted", product, review) },
  { weight: 3, arbitrary: published("category.modified", category, categoryFields) },
  { weight: 4, arbitrary: published("sale.scheduled", fc.constantFrom(...saleIds), scheduled) },
  { weight: 1, arbitrary: published("sale.cancelled", fc.constantFrom(...saleIds), fc.constant({})) },
  {
    weight: 1,
    arbitrary: published("featured.set", fc.constant("home"), fc.record({ product_ids: fc.array(product) })),
  },
  { weight: 3, arbitrary: bad },
);
