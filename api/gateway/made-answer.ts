import type { Aspects } from "../../projections/aspects.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { Prepared } from "../answer.ts";
import type { Shown } from "../cache-policy.ts";
import type { Source } from "../sources.ts";
import type { About } from "./heard-changes.ts";

/** An answer made from the tiers behind the gateway, with what it shows and what it depends on. */
export interface MadeAnswer {
  readonly prepared: Prepared;
  readonly source: Exclude<Source, "memory" | "default">;
  /** Everything it is about, up to this sequence, is included. */
  readonly sequence: number;
  /** When it was last known to equal the log, in milliseconds since 1970. */
  readonly knownAt: number;
  /** The next moment at which it changes by the clock. */
  readonly validUntil: number | undefined;
  /** Until then the last units of the product that it is about are being sold. */
  readonly lastCallUntil?: number | undefined;
  /** What it is from then on, at that moment or a later one, for whoever holds it: nothing is asked for that. */
  readonly later?: ((moment: number) => MadeAnswer) | undefined;
  readonly degraded: boolean;
  /** The products in it, and up to where each is included. */
  readonly products: ReadonlyMap<Identifier, number>;
  /** The product that it is about, if it is about one. */
  readonly subject: Identifier | undefined;
  readonly shows: Shown;
  /** What else it depends on, by the names in `projections/changes.ts`. */
  readonly names: readonly string[];
  /** It is trusted while these are. */
  readonly partitions: readonly number[];
  /** Its position is the lowest of theirs. */
  readonly positionOf: readonly number[];
}

/** A change by the clock that is nearer is held ready, as `MadeAnswer.later`. What is farther is made anew until then. */
export const aheadMs = 600_000;

export const isAhead = (validUntil: number | undefined, moment: number): boolean =>
  validUntil !== undefined && validUntil - moment <= aheadMs;

/** What a change of the product must touch to change the answer. */
export const aspectsIn = ({ subject, shows }: MadeAnswer, id: Identifier): Aspects =>
  id === subject ? shows.ofSubject : shows.ofOthers;

export const aboutAnswer = (answer: MadeAnswer): About => ({
  products: answer.products,
  aspectsOf: (product) => aspectsIn(answer, product),
  names: answer.names,
  partitions: answer.partitions,
});
