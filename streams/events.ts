import { z } from "zod";
import { isCurrency } from "./currency.ts";
import { type Identifier, identifierProblem, type Token } from "./identifier.ts";
import type { StoredMessage } from "./log.ts";
import { type EventKind, parseStoredSubject } from "./subjects.ts";

/**
 * Events: what happened, as publishers write it. These schemas are the storage format.
 *
 * Bytes meet zod here, once. What comes out of `decodeEvent` is either a typed event, whose facts nobody
 * checks again, or a reason that a person can act on; nothing throws, whatever the bytes are. Unknown fields
 * stay in the log and go no further.
 */

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const payloadBytesMax = 256 * 1024;

const text = z.string();
const optionalText = text.nullish();

const identifier = z.string().transform((value, context): Identifier => {
  const problem = identifierProblem(value);
  if (problem === undefined) return value as Identifier;
  context.issues.push({ code: "custom", message: `an identifier ${problem}`, input: value });
  return z.NEVER;
});

/** RFC 3339, as milliseconds since 1970. */
const instant = z.iso
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

const inventoryChanged = z.object({
  new_quantity: quantity(0, "a whole number, 0 or more"),
  reason: z.enum(["restock", "purchase", "return", "adjustment", "reservation", "release"]).nullish(),
  reference: optionalText,
  ...dated,
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

const payloadSchemas = {
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

/** One event of one kind: what it says, whom it is about, and where in the log it stands. */
export type EventOf<Kind extends EventKind> = {
  readonly kind: Kind;
  /** The product, category, sale, slot or user that the subject names. */
  readonly id: Identifier;
  readonly token: Token;
  readonly partition: number;
  readonly sequence: number;
  /** When the log took it, in milliseconds since 1970. */
  readonly loggedAt: number;
  /** When it happened: the publisher's `occurred_at`, never later than `loggedAt`. */
  readonly at: number;
  readonly data: Payload<Kind>;
};

export type Event = { [Kind in EventKind]: EventOf<Kind> }[EventKind];

/** A message that is no event. `reason` tells its publisher what to mend. */
export type BadEvent = {
  readonly reason: string;
  readonly partition: number;
  readonly message: StoredMessage;
  /** What its subject names, where that much is right. */
  readonly about?: { readonly kind: EventKind; readonly id: Identifier };
};

export function isBad(decoded: Event | BadEvent): decoded is BadEvent {
  return "reason" in decoded;
}

/** What the log stored, as an event. Never throws; costs about a microsecond for a price. */
export function decodeEvent(message: StoredMessage): Event | BadEvent {
  const named = parseStoredSubject(message.subject);
  if ("problem" in named) return { reason: named.problem, partition: named.partition, message };
  const { kind, identifier: id, token, partition } = named;
  const parsed = parsePayload(kind, message.payload, message.headers);
  if ("reason" in parsed) return { reason: parsed.reason, partition, message, about: { kind, id } };
  const data = parsed.data;
  const occurredAt = data.occurred_at ?? cloudEventTime(message.headers) ?? message.time;
  return {
    kind,
    id,
    token,
    partition,
    sequence: message.sequence,
    loggedAt: message.time,
    at: Math.min(occurredAt, message.time),
    data,
  } as Event;
}

/** A payload held against its schema, as every door of the catalogue does before it lets one in. */
export function parsePayload<Kind extends EventKind>(
  kind: Kind,
  payload: Uint8Array,
  headers?: ReadonlyMap<string, string>,
): { readonly data: Payload<Kind> } | { readonly reason: string } {
  if (payload.byteLength > payloadBytesMax) {
    return { reason: `the payload has ${payload.byteLength} bytes; at most ${payloadBytesMax} are allowed` };
  }
  const contentType = headers?.get("ce-datacontenttype") ?? headers?.get("content-type");
  if (contentType !== undefined && !/^application\/(?:[\w.-]+\+)?json\b/i.test(contentType)) {
    return { reason: `the payload is ${contentType}; publish application/json` };
  }
  let json: string;
  try {
    json = utf8.decode(payload);
  } catch {
    return { reason: "the payload is not UTF-8" };
  }
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    return { reason: `the payload is not JSON: ${(error as Error).message}` };
  }
  // Only a \u escape can smuggle half a surrogate pair through valid UTF-8.
  if (json.includes("\\u") && !isWellFormed(value)) {
    return { reason: "the payload holds a lone surrogate (\\ud800 to \\udfff without its other half)" };
  }
  const schema = payloadSchemas[kind];
  const result = schema.safeParse(value);
  if (result.success) return { data: result.data as Payload<Kind> };
  const { issues = [] } = schema.safeParse(value, { error: explain }).error ?? {};
  return { reason: issues.map(describeIssue).join("; ") };
}

/** Walks with a stack of its own: JSON may be nested deeper than calls may. */
function isWellFormed(value: unknown): boolean {
  const left: unknown[] = [value];
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    if (typeof at === "string" && !at.isWellFormed()) return false;
    if (typeof at === "object" && at !== null) {
      for (const [key, inner] of Object.entries(at)) left.push(key, inner);
    }
  }
  return true;
}

/** What zod would say in its own terms, said in the publisher's. */
function explain(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== "invalid_type") return undefined;
  return issue.input === undefined ? "is required" : `must be of type ${issue.expected}`;
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String).join(".");
  return path === "" ? issue.message : `${path}: ${issue.message}`;
}

/** CloudEvents 1.0, binary mode over NATS: the attributes travel as `ce-` headers, the payload is ours. */
function cloudEventTime(headers: ReadonlyMap<string, string> | undefined): number | undefined {
  const time = headers?.get("ce-time");
  if (time === undefined) return undefined;
  const parsed = instant.safeParse(time);
  return parsed.success ? parsed.data : undefined;
}
