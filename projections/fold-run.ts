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
  readonly details: ReadonlyMap<Identifier, Details>;
  /** The sequence of each product's first product.modified in the run. */
  readonly firstSeen: ReadonlyMap<Identifier, number>;
  /** Every group that a document of the run put the product into, also those that a later one took it out of. */
  readonly groups: ReadonlyMap<Identifier, ReadonlySet<Identifier>>;
  readonly prices: ReadonlyMap<Identifier, Price>;
  readonly inventories: ReadonlyMap<Identifier, Inventory>;
  /** In the order of the log. */
  readonly reviews: ReadonlyMap<Identifier, readonly EventOf<"review.posted">[]>;
}

export function foldRun(events: readonly Event[]): FoldedRun {
  const details = new Map<Identifier, Details>();
  const firstSeen = new Map<Identifier, number>();
  const groups = new Map<Identifier, Set<Identifier>>();
  const prices = new Map<Identifier, Price>();
  const inventories = new Map<Identifier, Inventory>();
  const reviews = new Map<Identifier, EventOf<"review.posted">[]>();
  for (const event of events) {
    switch (event.kind) {
      case "product.modified":
        if (!firstSeen.has(event.id)) firstSeen.set(event.id, event.sequence);
        details.set(event.id, evolveDetails(details.get(event.id), event));
        if (event.data.group_id != null) named(groups, event.id).add(event.data.group_id);
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
  return { details, firstSeen, groups, prices, inventories, reviews };
}

function named(groups: Map<Identifier, Set<Identifier>>, id: Identifier): Set<Identifier> {
  const known = groups.get(id);
  if (known !== undefined) return known;
  const none = new Set<Identifier>();
  groups.set(id, none);
  return none;
}
