import type { Identifier } from "../streams/identifier.ts";
import type { Version } from "./version.ts";

/**
 * Changes: what an owner of partitions tells every node once the read models hold it, so that their caches drop
 * what it touches (docs/gateway.md).
 *
 * The moves are those of the positions in the store, each made by compare-and-set, so for each partition they form
 * one chain whoever makes them: who hears a move that does not begin where the last one ended has missed something.
 */
export interface Change {
  readonly moves: readonly Move[];
  /** Products of which any part changed; undefined for so many that they were not counted. */
  readonly products: readonly Identifier[] | undefined;
  /** Groups that a product was put into. */
  readonly groups: readonly Identifier[];
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
  readonly moves: readonly (readonly [
    partitions: readonly number[],
    from: Version | null,
    to: Version,
    headAt: number,
  ])[];
  readonly products: readonly Identifier[] | null;
  readonly groups: readonly Identifier[];
}

const wordVersion = 1;

export function encodeChange({ moves, products, groups }: Change): Uint8Array {
  const alike = new Map<string, [number[], Version | null, Version, number]>();
  for (const { partition, from = null, to, headAt } of moves) {
    const key = `${from} ${to} ${headAt}`;
    const group = alike.get(key);
    if (group === undefined) alike.set(key, [[partition], from, to, headAt]);
    else group[0].push(partition);
  }
  const word: Word = { v: wordVersion, moves: [...alike.values()], products: products ?? null, groups };
  return Buffer.from(JSON.stringify(word));
}

/** Undefined where the bytes are no change that this version of the software understands. */
export function decodeChange(bytes: Uint8Array): Change | undefined {
  let word: Word | undefined;
  try {
    word = JSON.parse(Buffer.from(bytes).toString()) as Word;
  } catch {
    return undefined;
  }
  if (word?.v !== wordVersion) return undefined;
  return {
    moves: word.moves.flatMap(([partitions, from, to, headAt]) =>
      partitions.map((partition) => ({ partition, from: from ?? undefined, to, headAt })),
    ),
    products: word.products ?? undefined,
    groups: word.groups,
  };
}
