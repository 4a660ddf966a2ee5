import type { Identifier } from "../streams/identifier.ts";

/** What a reader asks of the tiers. */
export interface ReadOptions {
  /** How old the answer may be, in milliseconds since the read models were known to equal the log. */
  readonly freshnessMs: number;
  /** A position of the log up to which everything about these products must be included. */
  readonly minSequence?: number | undefined;
  /** What this node knows of a product: older is given only where no tier has as new a state. */
  readonly knownSequence?: ((id: Identifier) => number) | undefined;
  /** The reader holds an older answer, and serves it rather than wait for tiers that are known not to answer. */
  readonly hasOlder?: boolean;
  /** The read models were just asked for a stored answer: they have none, or they do not answer. */
  readonly stored?: "none" | "away";
  /**
   * How many loads from the log may be waiting before this one; where they are more, what Redis holds is given, however
   * old. Nobody who names a position is given that.
   */
  readonly logQueueMax?: number;
}

/** The position that an answer should include while the tiers are well. */
export const dueSequence = ({ minSequence = 0, knownSequence }: ReadOptions, id: Identifier) =>
  Math.max(minSequence, knownSequence?.(id) ?? 0);

/** What is known goes on while a read waits: that one must only reach what was known when it began. */
export function asOfNow(ids: readonly Identifier[], options: ReadOptions): ReadOptions {
  const { knownSequence } = options;
  if (knownSequence === undefined) return options;
  const known = new Map(ids.map((id) => [id, knownSequence(id)]));
  return { ...options, knownSequence: (id) => known.get(id) ?? 0 };
}
