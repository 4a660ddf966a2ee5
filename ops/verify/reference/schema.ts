import { isObject, type Payload } from "./payload.ts";
import { isIdentifier } from "./subject.ts";

/** What a payload of a later version says, in the words of the first. */
export function inFirstVersion(
  kind: string,
  headers: ReadonlyMap<string, string> | undefined,
  value: unknown,
): Payload {
  const schema = headers?.get("ce-dataschema") ?? "";
  if (!schema.startsWith("urn:shelfwire:") || schema === `urn:shelfwire:${kind}:1`) return { value };
  if (schema !== "urn:shelfwire:inventory.changed:2" || kind !== "inventory.changed") {
    return { bad: `written by ${schema}` };
  }
  const locations = isObject(value) ? value.locations : undefined;
  if (!isObject(value) || !Array.isArray(locations) || locations.length === 0) return { bad: "no locations" };
  const seen = new Set<unknown>();
  let sum = 0;
  for (const location of locations as readonly unknown[]) {
    const { location_id, quantity } = isObject(location) ? location : {};
    if (typeof location_id !== "string" || !isIdentifier(location_id) || seen.has(location_id)) {
      return { bad: "a location without a name of its own" };
    }
    if (typeof quantity !== "number" || !Number.isSafeInteger(quantity) || quantity < 0) {
      return { bad: "a location's quantity" };
    }
    seen.add(location_id);
    sum += quantity;
  }
  return { value: { ...value, new_quantity: sum } };
}
