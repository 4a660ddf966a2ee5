import { type Event, type EventOf, isBad } from "../streams/events.ts";
import type { Identifier } from "../streams/identifier.ts";
import type { StoredMessage } from "../streams/log.ts";
import { type Details, evolveDetails } from "./details.ts";
import { evolveInventory, type Inventory } from "./inventory.ts";
import { evolvePrice, type Price } from "./price.ts";
import type { BatchEntry } from "./projection.ts";

/**
 * A run of events folded in memory: what is left to write of each product. Details, price and stock are whole
 * with each event, so the last one of the run is all that is written, and nothing has to be read first. Nothing else of
 * the run is held, since what a write holds lives through collections.
 */
export interface FoldedRun {
  readonly products: ReadonlyMap<Identifier, FoldedProduct>;
  /** In the order of the log. */
  readonly reviews: ReadonlyMap<Identifier, readonly EventOf<"review.posted">[]>;
}

export interface FoldedProduct {
  details: Details | undefined;
  /** The sequence of its first product.modified in the run. */
  firstSeen: number | undefined;
  price: Price | undefined;
  /** The message that brought the price. */
  pricedBy: StoredMessage | undefined;
  inventory: Inventory | undefined;
}

/** What is bad is passed over. */
export function foldRun(entries: readonly BatchEntry[]): FoldedRun {
  const products = new Map<Identifier, FoldedProduct>();
  const reviews: ReviewsByProduct = new Map();
  const productOf = (id: Identifier): FoldedProduct => {
    let product = products.get(id);
    if (product === undefined) {
      product = {
        details: undefined,
        firstSeen: undefined,
        price: undefined,
        pricedBy: undefined,
        inventory: undefined,
      };
      products.set(id, product);
    }
    return product;
  };
  for (const { message, decoded: event } of entries) {
    if (isBad(event)) continue;
    switch (event.kind) {
      case "product.modified": {
        const product = productOf(event.id);
        product.firstSeen ??= event.sequence;
        product.details = evolveDetails(product.details, event);
        break;
      }
      case "price.updated": {
        const product = productOf(event.id);
        product.price = evolvePrice(product.price, event);
        product.pricedBy = message;
        break;
      }
      case "inventory.changed": {
        const product = productOf(event.id);
        product.inventory = evolveInventory(product.inventory, event);
        break;
      }
      case "review.posted":
        addReview(reviews, event);
        break;
    }
  }
  return { products, reviews };
}

/** The reviews among events, as `foldRun` has them. */
export function reviewsIn(events: readonly Event[]): FoldedRun["reviews"] {
  const reviews: ReviewsByProduct = new Map();
  for (const event of events) if (event.kind === "review.posted") addReview(reviews, event);
  return reviews;
}

type ReviewsByProduct = Map<Identifier, EventOf<"review.posted">[]>;

function addReview(reviews: ReviewsByProduct, event: EventOf<"review.posted">): void {
  const earlier = reviews.get(event.id);
  if (earlier === undefined) reviews.set(event.id, [event]);
  else earlier.push(event);
}
