import { type Identifier, identifierProblem } from "./identifier.ts";
import type { Payload } from "./payloads.ts";

/**
 * Product documents, recognised without the schemas where they are as plain as publishers usually write them.
 * What is unusual in any way, good or bad, is left to the schemas, which alone refuse; what is recognised here
 * equals what they make of it, but that an absent field is there as undefined (a property test holds the two
 * together). A fifth of the schemas' cost.
 */

type Fields = { readonly [field: string]: unknown };

/** Stands for a field that is not plain. */
const unusual = Symbol("unusual");
type Unusual = typeof unusual;

export function plainProduct(value: unknown): Payload<"product.modified"> | undefined {
  if (typeof value !== "object" || value === null) return undefined;
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

function productStatus(value: unknown): "active" | "discontinued" | Unusual {
  return value === "active" || value === "discontinued" ? value : unusual;
}
