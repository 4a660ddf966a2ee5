import type { Event, EventOf } from "../streams/events.ts";
import type { Identifier } from "../streams/identifier.ts";
import { type Details, evolveDetails } from "./details.ts";
import { evolveInventory, type Inventory } from "./inventory.ts";
import { evolvePrice, type Price } from "./price.ts";

/**
 * A run of events folded in memory: what is left to write of each product. Details, price and stock are whole
 * with each event, so the last one of the run is all that is written, and nothing has to be read first.
 */
export interface FoldedRun {
  readonly details: Map<Identifier, Details>;
  /** The sequence of each product's first product.modified in the run. */
  readonly firstSeen: Map<Identifier, number>;
  readonly prices: Map<Identifier, Price>;
  readonly inventories: Map<Identifier, Inventory>;
  /** In the order of the log. */
  readonly reviews: Map<Identifier, EventOf<"review.posted">[]>;
}

/** A review is read for and written behind: it takes as long as so many values. */
const reviewWeight = 8;

export function emptyRun(): FoldedRun {
  return {
    details: new Map(),
    firstSeen: new Map(),
    prices: new Map(),
    inventories: new Map(),
    reviews: new Map(),
  };
}

/** Folds one more event onto the run, behind all that is in it. */
export function foldOnto(
  { details, firstSeen, prices, inventories, reviews }: FoldedRun,
  event: Event,
): void {
  switch (event.kind) {
    case "product.modified":
      if (!firstSeen.has(event.id)) firstSeen.set(event.id, event.sequence);
      details.set(event.id, evolveDetails(details.get(event.id), event));
      break;
    case "price.updated":
      prices.set(event.id, evolvePrice(prices.get(event.id), event));
      break;
    case "inventory.changed":
      inventories.set(event.id, evolveInventory(inventories.get(event.id), event));
      break;
    case "review.posted": {
      const earlier = reviews.get(event.id);
      if (earlier === undefined) reviews.set(event.id, [event]);
      else earlier.push(event);
      break;
    }
  }
}

/** How much it has to write, in values of a product's registers. */
export function sizeOf({ details, prices, inventories, reviews }: FoldedRun): number {
  let size = details.size + prices.size + inventories.size;
  for (const events of reviews.values()) size += reviewWeight * events.length;
  return size;
}
