import { type Identifier, parseIdentifier } from "./identifier.ts";
import type { StoredMessage } from "./log.ts";

/**
 * Commits: what was decided about the stock of one partition's products in a few milliseconds, for however many buyers,
 * as one event of the log STOCK. What a commit means is the fold's to say (`actors/stock/stock.ts`).
 *
 * The format is the storage format. Only keepers write it, so it is read by hand: whatever else stands on the subject
 * gives undefined and means nothing.
 */
export interface Commit {
  /** Of this commit alone. */
  readonly id: string;
  /** The sequence of the commit that it builds on, 0 for the first one of a partition. */
  readonly after: number;
  readonly counts: readonly Count[];
  /** Products without a unit on hold that nobody has asked for lately: counted anew when they are wanted. */
  readonly forgets: readonly Identifier[];
  readonly ends: readonly End[];
  readonly holds: readonly Hold[];
}

/** What CATALOG says there is for sale, units on hold included. */
export interface Count {
  readonly product: Identifier;
  readonly quantity: number;
  /** Of the event in CATALOG that says so; 0 where there is none. */
  readonly sequence: number;
}

/** Units taken for a buyer until a moment, in milliseconds since 1970. All of them or none. */
export interface Hold {
  readonly reservation: string;
  /** Which one of the reservation it is: above 0 where an earlier one was given back before anybody was promised it. */
  readonly taking: number;
  readonly buyer: Identifier;
  readonly until: number;
  /** Each product once. */
  readonly items: readonly HeldItem[];
}

export interface HeldItem {
  readonly product: Identifier;
  /** Above 0. */
  readonly quantity: number;
  /** In which the units were bought, where it has a limit for each buyer. */
  readonly sale: Identifier | null;
}

/** Of a reservation's hold, and of earlier ones that still stand. */
export interface End {
  readonly reservation: string;
  readonly taking: number;
  readonly how: HowEnded;
}

export const howEnded = ["sold", "cancelled", "expired"] as const;
export type HowEnded = (typeof howEnded)[number];

export const stockSubject = (partition: number): string => `stock.${partition}`;

const version = 1;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Lists stand for objects, since a commit may hold a thousand buyers. */
export function encodeCommit({ id, after, counts, forgets, ends, holds }: Commit): Buffer {
  return Buffer.from(
    JSON.stringify({
      v: version,
      id,
      after,
      counts: counts.map(({ product, quantity, sequence }) => [product, quantity, sequence]),
      forgets,
      ends: ends.map(({ reservation, taking, how }) => [reservation, taking, how]),
      holds: holds.map(({ reservation, taking, buyer, until, items }) => [
        reservation,
        taking,
        buyer,
        until,
        items.map(({ product, quantity, sale }) => [product, quantity, sale]),
      ]),
    }),
  );
}

/** Undefined for what is no commit. Never throws. */
export function decodeCommit({ payload }: Pick<StoredMessage, "payload">): Commit | undefined {
  try {
    const { v, id, after, counts, forgets, ends, holds } = JSON.parse(utf8.decode(payload));
    if (v !== version || typeof id !== "string" || !isWhole(after)) return undefined;
    return {
      id,
      after,
      counts: listOf(counts, countOf),
      forgets: listOf(forgets, productOf),
      ends: listOf(ends, endOf),
      holds: listOf(holds, holdOf),
    };
  } catch {
    return undefined;
  }
}

class NoCommit extends Error {}

function listOf<T>(values: unknown, read: (value: unknown) => T): readonly T[] {
  if (!Array.isArray(values)) throw new NoCommit();
  return values.map(read);
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function wholeOf(value: unknown): number {
  if (!isWhole(value)) throw new NoCommit();
  return value;
}

function textOf(value: unknown): string {
  if (typeof value !== "string" || value === "") throw new NoCommit();
  return value;
}

function productOf(value: unknown): Identifier {
  const product = parseIdentifier(textOf(value));
  if (product === undefined) throw new NoCommit();
  return product;
}

function partsOf(value: unknown, length: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length !== length) throw new NoCommit();
  return value;
}

function countOf(value: unknown): Count {
  const [product, quantity, sequence] = partsOf(value, 3);
  return { product: productOf(product), quantity: wholeOf(quantity), sequence: wholeOf(sequence) };
}

function endOf(value: unknown): End {
  const [reservation, taking, how] = partsOf(value, 3);
  const known = howEnded.find((each) => each === how);
  if (known === undefined) throw new NoCommit();
  return { reservation: textOf(reservation), taking: wholeOf(taking), how: known };
}

function holdOf(value: unknown): Hold {
  const [reservation, taking, buyer, until, items] = partsOf(value, 5);
  const held = listOf(items, itemOf);
  const products = new Set(held.map(({ product }) => product));
  if (held.length === 0 || products.size < held.length) throw new NoCommit();
  return {
    reservation: textOf(reservation),
    taking: wholeOf(taking),
    buyer: productOf(buyer),
    until: wholeOf(until),
    items: held,
  };
}

function itemOf(value: unknown): HeldItem {
  const [product, quantity, sale] = partsOf(value, 3);
  if (wholeOf(quantity) === 0) throw new NoCommit();
  return {
    product: productOf(product),
    quantity: wholeOf(quantity),
    sale: sale === null ? null : productOf(sale),
  };
}
