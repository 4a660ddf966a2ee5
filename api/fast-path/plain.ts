import type { Identifier } from "../../streams/identifier.ts";
import { limits } from "../limits.ts";
import type { View } from "../views.ts";

/**
 * A plain request for one product. Everything that is unusual in any way is left to the routes: another method, an
 * identifier that needs decoding, a body, a token, a position, too many headers.
 */
export interface Plain {
  readonly id: Identifier;
  readonly view: View;
  /** `If-None-Match`, where it was sent. */
  readonly validator: string | undefined;
}

const target = /^\/api\/products\/([A-Za-z0-9_-]{1,128})(\?view=details)?$/;

/** The product that an address names in its plainest form. */
export function productAt(url: string): Pick<Plain, "id" | "view"> | undefined {
  const [, id, details] = target.exec(url) ?? [];
  if (id === undefined) return undefined;
  return { id: id as Identifier, view: details === undefined ? "assembled" : "details" };
}

export const unusual = Symbol("unusual");

/** Headers that change an answer or that must be refused. */
export const telling: ReadonlySet<string> = new Set([
  "authorization",
  "catalog-min-version",
  "content-encoding",
  "content-length",
  "expect",
  "transfer-encoding",
]);
export const validatorName = "if-none-match";
const lengths: ReadonlySet<number> = new Set([...telling, validatorName].map(({ length }) => length));

/**
 * The value of `If-None-Match`, if any; `unusual` where the routes must look at the headers themselves.
 * `rawHeaders`: name, value, name, value.
 */
export function validatorAmong(rawHeaders: readonly string[]): string | undefined | typeof unusual {
  let bytes = 0;
  let validator: string | undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    const value = rawHeaders[at + 1] as string;
    bytes += name.length + value.length;
    if (!lengths.has(name.length)) continue;
    const lower = name.toLowerCase();
    if (telling.has(lower) || (lower === validatorName && validator !== undefined)) return unusual;
    if (lower === validatorName) validator = value;
  }
  return bytes > limits.headerBytesMax ? unusual : validator;
}
