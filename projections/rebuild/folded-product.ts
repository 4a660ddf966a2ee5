import type { BadEvent, Event } from "../../streams/events.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { type Details, evolveDetails } from "../details.ts";
import { evolveInventory, type Inventory } from "../inventory.ts";
import { evolvePrice, type Price } from "../price.ts";
import type { RegisterName } from "../read-model.ts";
import { evolveRating, evolveReviews, type GivenRating, type Rating, type Reviews } from "../reviews.ts";
import { evolveProductSales, type ProductSales, type Sale, type SaleEvent } from "../sales.ts";

/** One product folded whole in memory, from its first event on, with the same `evolve` as everywhere. */
export interface FoldedProduct {
  readonly id: Identifier;
  readonly partition: number;
  details: Details | undefined;
  price: Price | undefined;
  inventory: Inventory | undefined;
  /** The sequence of the first product.modified. */
  created: number | undefined;
  rating: Rating | undefined;
  reviews: Reviews | undefined;
  /** What each review counts for. */
  given: Map<Identifier, GivenRating> | undefined;
  sales: ProductSales | undefined;
  /** Where the newest event about a register is bad: its sequence. */
  bad: Map<RegisterName, number> | undefined;
  /**
   * The newest event of which a projector makes a change upon what stands (ratings, sales, and what a price
   * comes to during a sale), so that one which read before a rebuild wrote may have put the old back.
   */
  builtUpon: number;
}

export function unknownProduct(id: Identifier, partition: number): FoldedProduct {
  return {
    id,
    partition,
    details: undefined,
    price: undefined,
    inventory: undefined,
    created: undefined,
    rating: undefined,
    reviews: undefined,
    given: undefined,
    sales: undefined,
    bad: undefined,
    builtUpon: 0,
  };
}

/** Changes `product` by an event of its own. */
export function evolveProduct(product: FoldedProduct, event: Event): void {
  switch (event.kind) {
    case "product.modified":
      product.created ??= event.sequence;
      product.details = evolveDetails(product.details, event);
      product.bad?.delete("product");
      return;
    case "price.updated":
      product.price = evolvePrice(product.price, event);
      product.bad?.delete("price");
      if (product.sales !== undefined) product.builtUpon = event.sequence;
      return;
    case "inventory.changed":
      product.inventory = evolveInventory(product.inventory, event);
      product.bad?.delete("inventory");
      return;
    case "review.posted": {
      product.given ??= new Map();
      const { review_id, rating } = event.data;
      product.rating = evolveRating(product.rating, product.given.get(review_id), event);
      product.given.set(review_id, { rating, sequence: event.sequence });
      product.reviews = evolveReviews(product.reviews, event);
      product.builtUpon = event.sequence;
    }
  }
}

/** Changes `product` by a sale that names it, or that did so until now. */
export function evolveProductBySale(product: FoldedProduct, sale: Sale, event: SaleEvent): void {
  product.sales = evolveProductSales(product.sales, product.id, sale, event);
  product.builtUpon = event.sequence;
}

const registerOf: Readonly<Record<string, RegisterName>> = {
  "product.modified": "product",
  "price.updated": "price",
  "inventory.changed": "inventory",
};

/** Notes that the newest event on a register's subject is of no use. */
export function noteBad(product: FoldedProduct, { about, message }: BadEvent): void {
  const register = about && registerOf[about.kind];
  if (register === undefined) return;
  product.bad ??= new Map();
  product.bad.set(register, message.sequence);
}

/** The value of a register, by its name. */
export function registerValue(product: FoldedProduct, register: RegisterName) {
  return register === "product" ? product.details : product[register];
}
