import { decodeChange } from "../../projections/changes.ts";
import { sequenceOf } from "../../projections/version.ts";
import type { Broadcast } from "../../streams/broadcast.ts";
import type { Identifier } from "../../streams/identifier.ts";

/** The change words that the auditor itself heard of late, by partition: witnesses of what each node was told. */
export interface HeardWords {
  /** The word whose move of the partition covers a sequence; undefined where none was heard. */
  covering(partition: number, sequence: number, id: Identifier): HeardWord | undefined;
  /** How far the words of the partition reached that were heard; 0 for none. */
  reached(partition: number): number;
  close(): void;
}

export interface HeardWord {
  readonly by: string;
  readonly count: number;
  readonly from: number | undefined;
  readonly to: number;
  /** Milliseconds since 1970. */
  readonly heardAt: number;
  /** Whether it names the product, by itself or with all of the partition. */
  readonly names: boolean;
}

interface Entry extends Omit<HeardWord, "names"> {
  readonly products: ReadonlyMap<Identifier, number> | undefined;
}

export function hearWords(
  changes: Broadcast,
  options: { readonly now: () => number; readonly horizonMs: number },
): HeardWords {
  const { now, horizonMs } = options;
  const heard = new Map<number, Entry[]>();
  const listening = changes.listen({
    hear(bytes) {
      const change = decodeChange(bytes);
      if (change === undefined) return;
      const { by, count, products, moves } = change;
      const heardAt = now();
      for (const { partition, from, to } of moves) {
        const entries = heard.get(partition) ?? [];
        heard.set(partition, entries);
        const entry = { by, count, from: from && sequenceOf(from), to: sequenceOf(to), heardAt, products };
        // That the partition is still where it was says nothing about an event.
        if (entry.from === entry.to && products?.size === 0) continue;
        entries.push(entry);
        const old = entries.findIndex((one) => one.heardAt >= heardAt - horizonMs);
        if (old > sweptAtOnce) entries.splice(0, old);
      }
    },
    missed() {},
  });
  return {
    covering(partition, sequence, id) {
      const entry = heard
        .get(partition)
        ?.findLast(({ from, to }) => (from === undefined || from < sequence) && sequence <= to);
      if (entry === undefined) return undefined;
      const { products, ...word } = entry;
      return { ...word, names: products === undefined || products.has(id) };
    },
    reached: (partition) => Math.max(0, ...(heard.get(partition) ?? []).slice(-1).map(({ to }) => to)),
    close: () => listening.close(),
  };
}

/** Old entries go this many at a time. */
const sweptAtOnce = 1_024;
