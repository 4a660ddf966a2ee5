import type { StoredMessage } from "../../../streams/log.ts";

/** Bytes as a JSON value, or why they are none. */

const bytesMax = 262_144;
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export type Payload = { readonly value: unknown } | { readonly bad: string };

export function readPayload({ payload, headers }: StoredMessage): Payload {
  if (payload.byteLength > bytesMax) return { bad: "larger than 256 KiB" };
  const type = headers?.get("ce-datacontenttype") ?? headers?.get("content-type");
  if (type !== undefined && !isJsonType(type)) return { bad: `declared as ${type}` };
  let value: unknown;
  try {
    value = JSON.parse(strictUtf8.decode(payload));
  } catch {
    return { bad: "not JSON in UTF-8" };
  }
  if (!isWellFormed(value)) return { bad: "a lone surrogate in a text" };
  return { value };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isJsonType(type: string): boolean {
  const essence = type.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  return essence === "application/json" || /^application\/[^/\s]+\+json$/.test(essence);
}

/** With a stack of its own: a payload may be nested a hundred thousand deep. */
function isWellFormed(value: unknown): boolean {
  const open = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next === "string" && !next.isWellFormed()) return false;
    if (typeof next !== "object" || next === null) continue;
    for (const [key, inner] of Object.entries(next)) open.push(key, inner);
  }
  return true;
}
