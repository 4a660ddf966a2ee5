import type { Identifier } from "../../../streams/identifier.ts";

/** What the reference holds of one product. Times are milliseconds since 1970, amounts minor units. */
export interface Product {
  readonly id: Identifier;
  /** The sequence of the first product.modified; null while the product does not exist. */
  firstSeen: number | null;
  details: Details | null;
  price: Price | null;
  inventory: Inventory | null;
  reviews: Reviews | null;
  sales: Sales | null;
}

export interface Details {
  readonly title: string;
  readonly description: string | null;
  readonly brand: string | null;
  readonly gtin: string | null;
  readonly status: "active" | "discontinued";
  readonly category_ids: readonly Identifier[];
  readonly images: readonly { readonly url: string; readonly alt: string | null }[];
  readonly specs: Readonly<Record<string, string | number | boolean>>;
  readonly group_id: Identifier | null;
  readonly options: Readonly<Record<string, string | number | boolean>>;
  readonly sequence: number;
  readonly updated_at: number;
}

export interface Price {
  readonly amount: number;
  readonly currency: string;
  readonly list_amount: number | null;
  readonly sequence: number;
  readonly updated_at: number;
}

export interface Inventory {
  readonly quantity: number;
  readonly sequence: number;
  readonly updated_at: number;
  readonly sells_out_at?: number;
}

export interface Reviews {
  readonly given: Map<Identifier, { readonly rating: number; readonly sequence: number }>;
  /** Newest first. */
  newest: readonly Review[];
  sequence: number;
}

export interface Review {
  readonly review_id: Identifier;
  readonly rating: number;
  readonly title: string | null;
  readonly body: string | null;
  readonly author: string | null;
  readonly posted_at: number;
  readonly sequence: number;
}

/** Every sale that names the product, also those that are over. */
export interface Sales {
  readonly entries: Map<Identifier, SaleEntry>;
  /** The newest event that put the product into a sale or took it out. */
  sequence: number;
  updated_at: number;
}

export interface SaleEntry {
  readonly sale_id: Identifier;
  readonly starts_at: number;
  readonly ends_at: number;
  readonly amount: number;
  readonly currency: string;
  readonly purchase_limit: number | null;
  readonly sequence: number;
}

/** What pages show of a product. Nothing in it changes when the product does. */
export interface Shown {
  readonly id: Identifier;
  readonly details: Details | null;
  readonly price: Price | null;
  readonly inventory: Inventory | null;
  readonly rating: { readonly count: number; readonly sum: number; readonly sequence: number } | null;
  readonly sales: ShownSales | null;
}

export interface ShownSales {
  readonly entries: readonly SaleEntry[];
  readonly sequence: number;
  readonly updated_at: number;
}

export function shownOf(product: Product): Shown {
  const { id, details, price, inventory, reviews, sales } = product;
  const rating = reviews && { ...ratingOf(product), sequence: reviews.sequence };
  return { id, details, price, inventory, rating, sales: sales && shownSales(sales) };
}

export function shownSales({ entries, sequence, updated_at }: Sales): ShownSales {
  return { entries: [...entries.values()], sequence, updated_at };
}

/** What a price is made of, of a product as it is or as it was. */
export interface Priced {
  readonly price: Price | null;
  readonly sales:
    | (Pick<ShownSales, "sequence" | "updated_at"> & {
        readonly entries: { values(): Iterable<SaleEntry> };
      })
    | null;
}

/** The sale that makes the price: under way, in the price's currency, the lowest, then the later event. */
export function saleAt({ price, sales }: Priced, now: number): SaleEntry | undefined {
  return [...(sales?.entries.values() ?? [])]
    .filter((sale) => sale.starts_at <= now && now < sale.ends_at && sale.currency === price?.currency)
    .sort((a, b) => a.amount - b.amount || b.sequence - a.sequence)[0];
}

/** What it costs; null without a price. */
export function amountAt(product: Priced, now: number): number | null {
  return saleAt(product, now)?.amount ?? product.price?.amount ?? null;
}

/** When its sales start and end. */
export function boundariesOf({ sales }: Pick<Priced, "sales">): readonly number[] {
  return [...(sales?.entries.values() ?? [])].flatMap(({ starts_at, ends_at }) => [starts_at, ends_at]);
}

export function ratingOf({ reviews }: Pick<Product, "reviews">): {
  readonly count: number;
  readonly sum: number;
} {
  const given = [...(reviews?.given.values() ?? [])];
  return { count: given.length, sum: given.reduce((sum, { rating }) => sum + rating, 0) };
}
