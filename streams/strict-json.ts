import { type Identifier, parseIdentifier } from "./identifier.ts";

/**
 * JSON that only this software writes, read by hand. Each of these gives a value as what it must be or throws, and
 * `readJson` makes undefined of that: a message that is anything else is none.
 */
export type Fields = Readonly<Record<string, unknown>>;

class Malformed extends Error {}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Never throws. */
export function readJson<T>(bytes: Uint8Array, read: (fields: Fields) => T): T | undefined {
  try {
    return read(fieldsOf(JSON.parse(utf8.decode(bytes))));
  } catch {
    return undefined;
  }
}

/** For what no type says, such as a version. */
export function must(holds: boolean): void {
  if (!holds) throw new Malformed();
}

export function fieldsOf(value: unknown): Fields {
  must(typeof value === "object" && value !== null && !Array.isArray(value));
  return value as Fields;
}

/** 0 or more, and exact. */
export function wholeOf(value: unknown): number {
  must(Number.isSafeInteger(value) && (value as number) >= 0);
  return value as number;
}

export function positiveOf(value: unknown): number {
  must(value !== 0);
  return wholeOf(value);
}

export function textOf(value: unknown): string {
  must(typeof value === "string" && value !== "");
  return value as string;
}

export function identifierOf(value: unknown): Identifier {
  const identifier = parseIdentifier(textOf(value));
  must(identifier !== undefined);
  return identifier as Identifier;
}

export function listOf<T>(value: unknown, read: (each: unknown) => T): readonly T[] {
  must(Array.isArray(value));
  return (value as readonly unknown[]).map(read);
}

export function orNull<T>(value: unknown, read: (value: unknown) => T): T | null {
  return value === null ? null : read(value);
}
