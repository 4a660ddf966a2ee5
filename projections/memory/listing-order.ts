import type { Identifier } from "../../streams/identifier.ts";
import type { ListingSort } from "../read-model.ts";

/** The order of a list, as Redis' sorted sets have it: by score, equal ones by the bytes of the identifier. */

interface Entry {
  readonly id: Identifier;
  readonly created: number;
  readonly amount: number | undefined;
}

export const byBytes = (a: Identifier, b: Identifier) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Products without a price come last, whichever way the prices go. */
export function orderOf(sort: ListingSort): (a: Entry, b: Entry) => number {
  if (sort === "newest") return (a, b) => b.created - a.created || byBytes(b.id, a.id);
  const way = sort === "price_asc" ? 1 : -1;
  return (a, b) => {
    const missing = Number(a.amount === undefined) - Number(b.amount === undefined);
    if (missing !== 0) return missing;
    return way * ((a.amount ?? 0) - (b.amount ?? 0) || byBytes(a.id, b.id));
  };
}
