import { type Identifier, parseIdentifier } from "../streams/identifier.ts";
import { allPartitions } from "../streams/partition.ts";
import { allAspects, type Aspects } from "./aspects.ts";
import type { Version } from "./version.ts";

/**
 * Changes: what an owner of partitions tells every node once the read models hold it, so that their caches drop
 * what it touches (docs/gateway.md).
 *
 * The moves are those of the positions in the store, each made by compare-and-set, so for each partition they form
 * one chain whoever makes them: who hears a move that does not begin where the last one ended has missed something.
 */
export interface Change {
  /** Who says it, and the how-manieth of its words it is: one that is missing is noticed at the next. */
  readonly by: string;
  readonly count: number;
  readonly moves: readonly Move[];
  /** Products with the aspects that changed; undefined for so many that nothing was counted. */
  readonly products: ReadonlyMap<Identifier, Aspects> | undefined;
  /** What else changed: `groupName`, `membersName`, `pricesName`, `dropName`, `treeName`, `categoryName`. */
  readonly names: readonly string[];
}

/** The group: a product was put into it. */
export const groupName = (group: Identifier): string => `group ${group}`;
/** The list of a category: a product came, went or took another place in time. */
export const membersName = (category: Identifier): string => `members ${category}`;
/** The order by price of a category's list. */
export const pricesName = (category: Identifier): string => `prices ${category}`;
/** A product's price fell to half or less: readers may come in crowds. */
export const dropName = (product: Identifier): string => `drop ${product}`;
/** The tree of categories. */
export const treeName = "tree";
/** A category of the tree: what it is called, where it stands, what is above it. */
export const categoryName = (category: Identifier): string => `category ${category}`;

/** What a name says, and of whom; undefined for one that is about nobody, or that no version of ours makes. */
export function readName(
  name: string,
):
  | { readonly kind: "group" | "members" | "prices" | "category" | "drop"; readonly id: Identifier }
  | undefined {
  const [, kind, text = ""] = /^(group|members|prices|category|drop) ([^]+)$/.exec(name) ?? [];
  const id = parseIdentifier(text);
  return kind === undefined || id === undefined ? undefined : { kind: kind as "group", id };
}

export interface Move {
  readonly partition: number;
  readonly from: Version | undefined;
  readonly to: Version;
  /** When the partition was last known to be at the head of the log, in milliseconds since 1970. */
  readonly headAt: number;
}

/** As it travels. Positions that moved alike, as most do, are one entry. */
interface Word {
  readonly v: typeof wordVersion;
  readonly by: string;
  readonly count: number;
  readonly moves: readonly (readonly [
    partitions: readonly number[],
    from: Version | null,
    to: Version,
    headAt: number,
  ])[];
  readonly products: readonly (readonly [id: Identifier, aspects: Aspects])[] | null;
  readonly names: readonly string[];
}

const wordVersion = 2;

export function encodeChange({ by, count, moves, products, names }: Change): Uint8Array {
  const alike = new Map<string, [number[], Version | null, Version, number]>();
  for (const { partition, from = null, to, headAt } of moves) {
    const key = `${from} ${to} ${headAt}`;
    const group = alike.get(key);
    if (group === undefined) alike.set(key, [[partition], from, to, headAt]);
    else group[0].push(partition);
  }
  const named = products === undefined ? null : [...products];
  const word: Word = { v: wordVersion, by, count, moves: [...alike.values()], products: named, names };
  return Buffer.from(JSON.stringify(word));
}

/** Undefined where the bytes are no change that this version of the software understands. Never throws. */
export function decodeChange(bytes: Uint8Array): Change | undefined {
  try {
    const word: unknown = JSON.parse(Buffer.from(bytes).toString());
    if (!isWord(word)) return undefined;
    return {
      by: word.by,
      count: word.count,
      moves: word.moves.flatMap(([partitions, from, to, headAt]) =>
        partitions.map((partition) => ({ partition, from: from ?? undefined, to, headAt })),
      ),
      products: word.products === null ? undefined : new Map(word.products),
      names: word.names,
    };
  } catch {
    return undefined;
  }
}

/** Anybody may publish on the subject: what is not as it must be is no word. */
function isWord(value: unknown): value is Word {
  const { v, by, count, moves, products, names } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return (
    v === wordVersion &&
    isText(by) &&
    Number.isInteger(count) &&
    isListOf(moves, isMove) &&
    (products === null || isListOf(products, isTouched)) &&
    isListOf(names, isText)
  );
}

function isMove(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  const [partitions, from, to, headAt] = value as readonly unknown[];
  return (
    isListOf(partitions, (one) => allPartitions.some((partition) => partition === one)) &&
    (from === null || isPosition(from)) &&
    isPosition(to) &&
    Number.isFinite(headAt)
  );
}

function isTouched(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  const [id, touched] = value as readonly unknown[];
  return (
    isText(id) && Number.isInteger(touched) && (touched as number) > 0 && (touched as number) <= allAspects
  );
}

const position = /^[0-9a-z]{9}\/\d{16}\.\d{3}(?:-\w{1,64})?$/;
const isPosition = (value: unknown) => typeof value === "string" && position.test(value);
const isText = (value: unknown) => typeof value === "string";
const isListOf = (value: unknown, isOne: (one: unknown) => boolean) =>
  Array.isArray(value) && value.every(isOne);
