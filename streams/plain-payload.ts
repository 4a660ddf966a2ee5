import { isCurrency } from "./currency.ts";
import { type Identifier, identifierProblem } from "./identifier.ts";
import type { Payload } from "./payloads.ts";

/**
 * The three payloads that make nearly all of a log, recognised without the schemas where they are as plain as
 * publishers usually write them. What is unusual in any way, good or bad, is left to the schemas, which alone
 * refuse; what is recognised here equals what they make of it, but that an absent field is there as undefined
 * (a property test holds the two together).
 * A fifth of the schemas' cost.
 */
export const plainPayloads: {
  readonly "product.modified": (value: object) => Payload<"product.modified"> | undefined;
  readonly "price.updated": (value: object) => Payload<"price.updated"> | undefined;
  readonly "inventory.changed": (value: object) => Payload<"inventory.changed"> | undefined;
} = {
  "product.modified": plainProduct,
  "price.updated": plainPrice,
  "inventory.changed": plainInventory,
};

type Fields = { readonly [field: string]: unknown };
type Money = Payload<"price.updated">["new_price"];

/** Stands for a field that is not plain. */
const unusual = Symbol("unusual");
type Unusual = typeof unusual;

function plainPrice(value: object): Payload<"price.updated"> | undefined {
  const fields = value as Fields;
  const new_price = money(fields.new_price);
  const list_price = nullish(fields.list_price, money);
  const old_price = nullish(fields.old_price, money);
  const occurred_at = nullish(fields.occurred_at, instant);
  if (new_price === unusual || list_price === unusual || old_price === unusual || occurred_at === unusual)
    return undefined;
  if (list_price != null && list_price.currency !== new_price.currency) return undefined;
  return { new_price, list_price, old_price, occurred_at };
}

function plainInventory(value: object): Payload<"inventory.changed"> | undefined {
  const fields = value as Fields;
  const { new_quantity } = fields;
  const reason = nullish(fields.reason, stockReason);
  const reference = nullish(fields.reference, text);
  const occurred_at = nullish(fields.occurred_at, instant);
  if (!isQuantity(new_quantity) || reason === unusual || reference === unusual || occurred_at === unusual)
    return undefined;
  return { new_quantity, reason, reference, occurred_at };
}

function plainProduct(value: object): Payload<"product.modified"> | undefined {
  const fields = value as Fields;
  const title = filledText(fields.title);
  const description = nullish(fields.description, text);
  const brand = nullish(fields.brand, text);
  const gtin = nullish(fields.gtin, text);
  const status = nullish(fields.status, productStatus);
  const category_ids = nullish(fields.category_ids, (list) => listOf(list, identifier));
  const images = nullish(fields.images, (list) => listOf(list, image));
  const specs = nullish(fields.specs, attributes);
  const group_id = nullish(fields.group_id, identifier);
  const options = nullish(fields.options, attributes);
  const occurred_at = nullish(fields.occurred_at, instant);
  if (title === unusual || description === unusual || brand === unusual || gtin === unusual) return undefined;
  if (status === unusual || category_ids === unusual || images === unusual || specs === unusual)
    return undefined;
  if (group_id === unusual || options === unusual || occurred_at === unusual) return undefined;
  return {
    title,
    description,
    brand,
    gtin,
    status,
    category_ids,
    images,
    specs,
    group_id,
    options,
    occurred_at,
  };
}

function nullish<T>(value: unknown, read: (value: unknown) => T | Unusual): T | null | undefined | Unusual {
  return value === undefined || value === null ? value : read(value);
}

function text(value: unknown): string | Unusual {
  return typeof value === "string" ? value : unusual;
}

function filledText(value: unknown): string | Unusual {
  return typeof value === "string" && value !== "" ? value : unusual;
}

function isQuantity(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function money(value: unknown): Money | Unusual {
  if (typeof value !== "object" || value === null) return unusual;
  const { amount, currency } = value as Fields;
  return isQuantity(amount) && typeof currency === "string" && isCurrency(currency)
    ? { amount, currency }
    : unusual;
}

// Days that not every month has, fractions and offsets are left to the schemas.
const plainInstant = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;

function instant(value: unknown): number | Unusual {
  return typeof value === "string" && plainInstant.test(value) ? Date.parse(value) : unusual;
}

function identifier(value: unknown): Identifier | Unusual {
  return typeof value === "string" && identifierProblem(value) === undefined
    ? (value as Identifier)
    : unusual;
}

function listOf<T>(value: unknown, read: (value: unknown) => T | Unusual): T[] | Unusual {
  if (!Array.isArray(value)) return unusual;
  const list: T[] = [];
  for (const each of value) {
    const item = read(each);
    if (item === unusual) return unusual;
    list.push(item);
  }
  return list;
}

function image(value: unknown): { url: string; alt?: string | null } | Unusual {
  if (typeof value !== "object" || value === null) return unusual;
  const fields = value as Fields;
  const url = filledText(fields.url);
  const alt = nullish(fields.alt, text);
  if (url === unusual || alt === unusual) return unusual;
  return alt === undefined ? { url } : { url, alt };
}

function attributes(value: unknown): Record<string, string | number | boolean> | Unusual {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return unusual;
  for (const [name, attribute] of Object.entries(value)) {
    if (name === "__proto__") return unusual;
    const kind = typeof attribute;
    if (kind !== "string" && kind !== "boolean" && !Number.isFinite(attribute)) return unusual;
  }
  return value as Record<string, string | number | boolean>;
}

function stockReason(value: unknown): NonNullable<Payload<"inventory.changed">["reason"]> | Unusual {
  switch (value) {
    case "restock":
    case "purchase":
    case "return":
    case "adjustment":
    case "reservation":
    case "release":
      return value;
    default:
      return unusual;
  }
}

function productStatus(value: unknown): "active" | "discontinued" | Unusual {
  return value === "active" || value === "discontinued" ? value : unusual;
}
