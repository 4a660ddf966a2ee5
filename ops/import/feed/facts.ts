import { isDeepStrictEqual } from "node:util";
import { type Details, evolveDetails } from "../../../projections/details.ts";
import { decodeEvent, type EventOf, isBad } from "../../../streams/events.ts";
import type { Identifier } from "../../../streams/identifier.ts";
import type { StoredMessage } from "../../../streams/log.ts";
import type { CatalogKind } from "../../../streams/subjects.ts";
import type { FeedPrice, FeedStock } from "./entry.ts";
import type { PathCategory } from "./category-path.ts";
import { bytesOf, type Fact } from "./settle.ts";

/**
 * What a feed says as facts to be made true. Each is compared by what its event means, not by its bytes: the
 * order of fields, a field that is absent or null, and fields that the catalogue does not know are no news.
 * An event that is bad says nothing.
 */

/** Stands on every document that an import publishes: which products came by which feed. */
export const feedHeader = "Shelfwire-Feed";

export function detailsFact(id: Identifier, payload: Uint8Array, feed: string): Fact {
  let wanted: object | undefined;
  return {
    kind: "product.modified",
    id,
    payload,
    headers: { [feedHeader]: feed },
    holds(last) {
      const event = eventOf("product.modified", last);
      if (event === undefined) return false;
      const ours = eventOf("product.modified", { ...last, payload });
      wanted ??= ours && meaningOf(evolveDetails(undefined, ours));
      return isDeepStrictEqual(meaningOf(evolveDetails(undefined, event)), wanted);
    },
  };
}

function meaningOf({ sequence: _sequence, updated_at: _at, ...document }: Details): object {
  return { ...document, specs: { ...document.specs }, options: { ...document.options } };
}

export function priceFact(id: Identifier, price: FeedPrice): Fact {
  return {
    kind: "price.updated",
    id,
    payload: bytesOf(price),
    holds(last) {
      const data = eventOf("price.updated", last)?.data;
      return (
        data?.new_price.amount === price.new_price.amount &&
        data.new_price.currency === price.new_price.currency &&
        data.list_price?.amount === price.list_price?.amount
      );
    },
  };
}

/** In stock without a number is one piece at least: it is published only where the log says none. */
export function stockFact(id: Identifier, stock: FeedStock, feed: string): Fact {
  return {
    kind: "inventory.changed",
    id,
    payload: bytesOf({ new_quantity: stock === "some" ? 1 : stock, reason: "adjustment", reference: feed }),
    holds(last) {
      const quantity = eventOf("inventory.changed", last)?.data.new_quantity;
      if (quantity === undefined) return false;
      return stock === "some" ? quantity > 0 : quantity === stock;
    },
  };
}

/** A category that a product feed names in passing: the name and place that the log has for it stay. */
export function namedCategoryFact({ id, name, parent_id }: PathCategory): Fact {
  return { kind: "category.modified", id, payload: bytesOf({ name, parent_id }), holds: () => true };
}

/** The event that the message is, if it is a good one of this kind. */
export function eventOf<Kind extends CatalogKind>(
  kind: Kind,
  message: StoredMessage,
): EventOf<Kind> | undefined {
  const event = decodeEvent(message);
  return isBad(event) || event.kind !== kind ? undefined : (event as EventOf<Kind>);
}
