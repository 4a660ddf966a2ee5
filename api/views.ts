import type { Identifier } from "../streams/identifier.ts";
import type { Details } from "../projections/details.ts";
import { type Inventory, inStock } from "../projections/inventory.ts";
import type { Price } from "../projections/price.ts";
import { averageOf, type Rating, type Reviews } from "../projections/reviews.ts";
import { type ProductSales, saleInForce } from "../projections/sales.ts";
import { displayMoney } from "./money.ts";

/** The JSON that readers get, made from the read models at a moment. Pure: same state, same moment, same bytes. */

/** All that is known about one product, whichever tier it came from. */
export interface ProductState {
  readonly id: Identifier;
  readonly details: Details;
  readonly price: Price | undefined;
  readonly sales: ProductSales | undefined;
  readonly inventory: Inventory | undefined;
  readonly rating: Rating | undefined;
}

const timeText = (ms: number) => new Date(ms).toISOString();

export function priceView(price: Price | undefined, sales: ProductSales | undefined, now: number) {
  if (price === undefined) return null;
  const sale = saleInForce(price, sales, now);
  const amount = sale?.amount ?? price.amount;
  return {
    amount,
    currency: price.currency,
    display: displayMoney(amount, price.currency),
    list_amount: sale === undefined ? price.list_amount : price.amount,
    sale: sale === undefined ? null : { id: sale.sale_id, ends_at: timeText(sale.ends_at) },
    version: Math.max(price.sequence, sales?.sequence ?? 0),
    updated_at: timeText(Math.max(price.updated_at, sales?.updated_at ?? 0)),
  };
}

export function inventoryView(inventory: Inventory | undefined) {
  if (inventory === undefined) return null;
  return {
    quantity: inventory.quantity,
    in_stock: inStock(inventory),
    version: inventory.sequence,
    updated_at: timeText(inventory.updated_at),
  };
}

export function ratingView(rating: Rating | undefined) {
  return { average: averageOf(rating), count: rating?.count ?? 0 };
}

/** A product inside a list. */
export function summaryView({ id, details, price, sales, inventory, rating }: ProductState, now: number) {
  return {
    ...summaryDetails(id, details, rating),
    price: priceView(price, sales, now),
    in_stock: inventory === undefined ? null : inStock(inventory),
  };
}

function summaryDetails(id: Identifier, details: Details, rating: Rating | undefined) {
  const { title, brand, images } = details;
  return { id, title, brand, image: images[0] ?? null, rating: ratingView(rating) };
}

/** A list's entry without price and stock, for `view=details`. */
export function summaryDetailsView({ id, details, rating }: ProductState) {
  return summaryDetails(id, details, rating);
}

export type View = "assembled" | "details";

export function productView(state: ProductState, variants: readonly ProductState[], view: View, now: number) {
  const { id, details, price, sales, inventory, rating } = state;
  const { sequence, updated_at, ...document } = details;
  const assembled = view === "assembled";
  const sequences = [sequence, rating?.sequence ?? 0];
  if (assembled) sequences.push(price?.sequence ?? 0, sales?.sequence ?? 0, inventory?.sequence ?? 0);
  return {
    id,
    ...document,
    ...(assembled && { price: priceView(price, sales, now), inventory: inventoryView(inventory) }),
    rating: ratingView(rating),
    variants: variants.map((variant) => ({
      ...(assembled ? summaryView(variant, now) : summaryDetailsView(variant)),
      options: variant.details.options,
    })),
    version: Math.max(...sequences),
    updated_at: timeText(updated_at),
  };
}

/** What a product page can show while nothing can be asked about the product. */
export function defaultProduct(id: Identifier) {
  return {
    id,
    title: id,
    description: null,
    brand: null,
    gtin: null,
    status: "unknown",
    category_ids: [],
    images: [],
    specs: {},
    group_id: null,
    options: {},
    price: null,
    inventory: null,
    rating: ratingView(undefined),
    variants: [],
    version: 0,
    updated_at: null,
    degraded: true,
  };
}

export function reviewsView(rating: Rating | undefined, reviews: Reviews | undefined) {
  return {
    rating: ratingView(rating),
    reviews: (reviews?.newest ?? []).map(({ sequence, posted_at, ...review }) => ({
      ...review,
      posted_at: timeText(posted_at),
      version: sequence,
    })),
  };
}
