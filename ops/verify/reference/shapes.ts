import { isCurrency } from "../../../streams/currency.ts";
import type { Identifier } from "../../../streams/identifier.ts";
import { isObject } from "./payload.ts";
import { isIdentifier } from "./subject.ts";

/** The table of events in the contract: which fields each has, and what they may hold. */

type Fields = Readonly<Record<string, unknown>>;
type Rule = (value: unknown) => boolean;

const text: Rule = (value) => typeof value === "string";
const filledText: Rule = (value) => typeof value === "string" && value !== "";
const identifier: Rule = (value) => typeof value === "string" && isIdentifier(value);
const finite: Rule = (value) => typeof value === "number" && Number.isFinite(value);
const whole =
  (min: number, max = Number.MAX_SAFE_INTEGER): Rule =>
  (value) =>
    typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max;
const oneOf =
  (...words: string[]): Rule =>
  (value) =>
    typeof value === "string" && words.includes(value);
const listOf =
  (rule: Rule): Rule =>
  (value) =>
    Array.isArray(value) && value.every(rule);
const optional =
  (rule: Rule): Rule =>
  (value) =>
    value === undefined || value === null || rule(value);
const record =
  (rules: Readonly<Record<string, Rule>>): Rule =>
  (value) =>
    isObject(value) && wrongField(rules, value) === undefined;

const instant: Rule = (value) => typeof value === "string" && isInstant(value);
const money = record({
  amount: whole(0),
  currency: (code) => typeof code === "string" && isCurrency(code),
});
const attributes: Rule = (value) =>
  isObject(value) &&
  Object.values(value).every((one) => text(one) || finite(one) || typeof one === "boolean");

const shapes: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  "product.modified": {
    title: filledText,
    description: optional(text),
    brand: optional(text),
    gtin: optional(text),
    status: optional(oneOf("active", "discontinued")),
    category_ids: optional(listOf(identifier)),
    images: optional(listOf(record({ url: filledText, alt: optional(text) }))),
    specs: optional(attributes),
    group_id: optional(identifier),
    options: optional(attributes),
  },
  "price.updated": { new_price: money, list_price: optional(money), old_price: optional(money) },
  "inventory.changed": {
    new_quantity: whole(0),
    reason: optional(oneOf("restock", "purchase", "return", "adjustment", "reservation", "release")),
    reference: optional(text),
  },
  "review.posted": {
    review_id: identifier,
    rating: whole(1, 5),
    title: optional(text),
    body: optional(text),
    author: optional(text),
  },
  "category.modified": { name: filledText, parent_id: optional(identifier), position: optional(finite) },
  "sale.scheduled": {
    starts_at: instant,
    ends_at: instant,
    items: listOf(record({ product_id: identifier, sale_price: money, purchase_limit: optional(whole(1)) })),
    name: optional(text),
  },
  "sale.cancelled": {},
  "featured.set": { product_ids: listOf(identifier), title: optional(text) },
};

interface Money {
  readonly amount: number;
  readonly currency: string;
}

/** The same table as types, of what `factOf` let through; a field that may be absent may also be null. */
export interface Facts {
  readonly "product.modified": {
    readonly title: string;
    readonly description?: string | null;
    readonly brand?: string | null;
    readonly gtin?: string | null;
    readonly status?: "active" | "discontinued" | null;
    readonly category_ids?: readonly Identifier[] | null;
    readonly images?: readonly { readonly url: string; readonly alt?: string | null }[] | null;
    readonly specs?: Readonly<Record<string, string | number | boolean>> | null;
    readonly group_id?: Identifier | null;
    readonly options?: Readonly<Record<string, string | number | boolean>> | null;
  };
  readonly "price.updated": { readonly new_price: Money; readonly list_price?: Money | null };
  /** An estimate that is no time is passed over, and the quantity stands. */
  readonly "inventory.changed": { readonly new_quantity: number; readonly sells_out_at?: unknown };
  readonly "review.posted": {
    readonly review_id: Identifier;
    readonly rating: number;
    readonly title?: string | null;
    readonly body?: string | null;
    readonly author?: string | null;
  };
  readonly "category.modified": {
    readonly name: string;
    readonly parent_id?: Identifier | null;
    readonly position?: number | null;
  };
  readonly "sale.cancelled": object;
  readonly "featured.set": object;
  readonly "sale.scheduled": {
    readonly starts_at: string;
    readonly ends_at: string;
    readonly items: readonly {
      readonly product_id: Identifier;
      readonly sale_price: Money;
      readonly purchase_limit?: number | null;
    }[];
  };
}

export type Fact = {
  readonly [Kind in keyof Facts]: {
    readonly kind: Kind;
    readonly facts: Facts[Kind] & { readonly occurred_at?: string | null };
  };
}[keyof Facts];

/** The payload of an event of this kind, or why it is none. */
export function factOf(kind: string, payload: unknown): Fact | { readonly bad: string } {
  if (!isObject(payload)) return { bad: "not a JSON object" };
  const wrong = wrongField({ ...shapes[kind], occurred_at: optional(instant) }, payload);
  if (wrong !== undefined) return { bad: `${wrong} is missing or wrong` };
  const fact = { kind, facts: payload as unknown } as Fact;
  if (fact.kind === "price.updated") {
    const { new_price, list_price } = fact.facts;
    if (list_price && list_price.currency !== new_price.currency)
      return { bad: "list_price is in another currency" };
  }
  if (fact.kind === "sale.scheduled") {
    const { starts_at, ends_at } = fact.facts;
    if (Date.parse(ends_at) <= Date.parse(starts_at)) return { bad: "ends_at is not after starts_at" };
  }
  return fact;
}

function wrongField(rules: Readonly<Record<string, Rule>>, fields: Fields): string | undefined {
  return Object.entries(rules).find(([name, rule]) => !rule(fields[name]))?.[0];
}

const rfc3339 =
  /^(\d{4})-(\d\d)-(\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** RFC 3339, and a day that the calendar has. */
export function isInstant(written: string): boolean {
  const match = rfc3339.exec(written);
  if (match === null) return false;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
