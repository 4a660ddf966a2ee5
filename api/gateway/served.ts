import { prepare, type Prepared } from "../answer.ts";
import type { Source } from "../sources.ts";
import { defaultProduct } from "../views.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { MadeAnswer } from "./made-answer.ts";

/** What leaves the gateway. */
export interface Served {
  readonly prepared: Prepared;
  readonly source: Source;
  /** Undefined for what is known of no position. */
  readonly sequence: number | undefined;
  readonly knownAt: number | undefined;
  readonly validUntil: number | undefined;
  readonly lastCallUntil?: number | undefined;
  readonly degraded: boolean;
}

/** An answer as it was made. */
export const servedAnew = ({
  prepared,
  source,
  sequence,
  knownAt,
  validUntil,
  lastCallUntil,
  degraded,
}: MadeAnswer): Served => ({
  prepared,
  source,
  sequence: sequence === 0 ? undefined : sequence,
  knownAt: knownAt === 0 ? undefined : knownAt,
  validUntil,
  lastCallUntil,
  degraded,
});

/** What can be said of a product while nothing can be asked about it. */
export function byDefault(id: Identifier): Served {
  return {
    prepared: prepare(defaultProduct(id)),
    source: "default",
    sequence: undefined,
    knownAt: undefined,
    validUntil: undefined,
    degraded: true,
  };
}
