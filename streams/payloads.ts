import { z } from "zod";
import { isCurrency } from "./currency.ts";
import { type Identifier, identifierProblem } from "./identifier.ts";
import type { EventKind } from "./subjects.ts";

/** The payloads, as publishers write them: these schemas are the storage format. */

const text = z.string();
const optionalText = text.nullish();

const identifier = z.string().transform((value, context): Identifier => {
  const problem = identifierProblem(value);
  if (problem === undefined) return value as Identifier;
  context.issues.push({ code: "custom", message: `an identifier ${problem}`, input: value });
  return z.NEVER;
});

/** RFC 3339, as milliseconds since 1970. */
export const instant = z.iso
  .datetime({ offset: true, error: "must be an RFC 3339 time such as 2026-11-27T00:00:00Z" })
  .transform((value) => Date.parse(value));

const quantity = (min: number, what: string) =>
  z.int({ error: `must be ${what}` }).min(min, { error: `must be ${what}` });

const money = z.object({
  amount: quantity(0, "a whole number of minor units, 0 or more"),
  currency: z
    .string()
    .refine(isCurrency, { error: (issue) => `"${issue.input}" is not an ISO 4217 currency code` }),
});

export type Money = z.infer<typeof money>;

/** A flat object of texts, numbers and truth values, such as `{"colour": "red", "weight_g": 120}`. */
const attributes = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

const dated = { occurred_at: instant.nullish() };

const productModified = z.object({
  title: text.min(1, { error: "must not be empty" }),
  description: optionalText,
  brand: optionalText,
  gtin: optionalText,
  status: z.enum(["active", "discontinued"]).nullish(),
  category_ids: z.array(identifier).nullish(),
  images: z.array(z.object({ url: text.min(1), alt: optionalText })).nullish(),
  specs: attributes.nullish(),
  group_id: identifier.nullish(),
  options: attributes.nullish(),
  ...dated,
});

const priceUpdated = z
  .object({ new_price: money, list_price: money.nullish(), old_price: money.nullish(), ...dated })
  .refine((price) => !price.list_price || price.list_price.currency === price.new_price.currency, {
    path: ["list_price", "currency"],
    error: "must be the currency of new_price",
  });

const stockReason = z
  .enum(["restock", "purchase", "return", "adjustment", "reservation", "release"])
  .nullish();

const inventoryChanged = z.object({
  new_quantity: quantity(0, "a whole number, 0 or more"),
  reason: stockReason,
  reference: optionalText,
  /** An estimate: one that cannot be read is none, and no reason to refuse the quantity. */
  sells_out_at: instant.nullish().catch(undefined),
  ...dated,
});

/** Version 2, for stock that is counted by place; what the folds take is the sum. */
const inventoryByLocation = z
  .object({
    locations: z
      .array(z.object({ location_id: identifier, quantity: quantity(0, "a whole number, 0 or more") }))
      .min(1, { error: "must name a location" }),
    reason: stockReason,
    reference: optionalText,
    ...dated,
  })
  .transform(({ locations, ...others }, context) => {
    const new_quantity = locations.reduce((sum, location) => sum + location.quantity, 0);
    const isTwice = new Set(locations.map(({ location_id }) => location_id)).size < locations.length;
    const problem = isTwice
      ? "must name each location once"
      : Number.isSafeInteger(new_quantity)
        ? undefined
        : "must come to a whole number that JSON can hold";
    if (problem === undefined) return { new_quantity, ...others };
    context.issues.push({ code: "custom", path: ["locations"], message: problem, input: locations });
    return z.NEVER;
  });

const reviewPosted = z.object({
  review_id: identifier,
  rating: z.int({ error: "must be a whole number from 1 to 5" }).min(1).max(5),
  title: optionalText,
  body: optionalText,
  author: optionalText,
  ...dated,
});

const categoryModified = z.object({
  name: text.min(1, { error: "must not be empty" }),
  parent_id: identifier.nullish(),
  position: z.number().nullish(),
  ...dated,
});

const saleScheduled = z
  .object({
    starts_at: instant,
    ends_at: instant,
    items: z.array(
      z.object({
        product_id: identifier,
        sale_price: money,
        purchase_limit: quantity(1, "a whole number, 1 or more").nullish(),
      }),
    ),
    name: optionalText,
    ...dated,
  })
  .refine((sale) => sale.ends_at > sale.starts_at, { path: ["ends_at"], error: "must be after starts_at" });

const saleCancelled = z.object(dated);

const featuredSet = z.object({ product_ids: z.array(identifier), title: optionalText, ...dated });

const viewRecorded = z.object({ product_id: identifier, ...dated });

const orderPlaced = z.object({
  order_id: identifier,
  items: z.array(
    z.object({
      product_id: identifier,
      quantity: quantity(1, "a whole number, 1 or more"),
      unit_price: money.nullish(),
    }),
  ),
  ...dated,
});

/** Version 1 of each, in the shape that the folds take. */
export const payloadSchemas = {
  "product.modified": productModified,
  "price.updated": priceUpdated,
  "inventory.changed": inventoryChanged,
  "review.posted": reviewPosted,
  "category.modified": categoryModified,
  "sale.scheduled": saleScheduled,
  "sale.cancelled": saleCancelled,
  "featured.set": featuredSet,
  "view.recorded": viewRecorded,
  "order.placed": orderPlaced,
} as const satisfies Record<EventKind, z.ZodType>;

export type Payload<Kind extends EventKind> = z.output<(typeof payloadSchemas)[Kind]>;

/**
 * Later versions, by kind. Each brings what it reads into the shape of version 1, so folds know one shape of an
 * event whatever the log holds; what that shape cannot say makes it grow by an optional field.
 */
export const laterSchemas: {
  readonly [Kind in EventKind]?: { readonly [version: number]: z.ZodType<Payload<Kind>> };
} = { "inventory.changed": { 2: inventoryByLocation } };
