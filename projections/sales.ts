import type { EventOf } from "../streams/events.ts";
import type { Identifier } from "../streams/identifier.ts";
import type { Price } from "./price.ts";

/**
 * Sales: a price that is known in advance, with its moments. A sale names many products; a product may be in
 * many sales. So there are two states, one by sale and one by product, and a product's price at a moment is a
 * query over its regular price and its sales.
 */

// Identity: one sale; one product in sales. Events: sale.scheduled, sale.cancelled.

export type SaleEvent = EventOf<"sale.scheduled"> | EventOf<"sale.cancelled">;

// State

export interface Sale {
  readonly starts_at: number;
  readonly ends_at: number;
  /** Empty once it is cancelled. */
  readonly items: readonly SaleItem[];
  /** Every product that it ever named, so that nothing it left behind is forgotten. */
  readonly named: readonly Identifier[];
  readonly sequence: number;
}

export interface SaleItem {
  readonly product_id: Identifier;
  readonly amount: number;
  readonly currency: string;
  readonly purchase_limit: number | null;
}

/** What the sales hold for one product. */
export interface ProductSales {
  readonly entries: readonly ProductSale[];
  /** The newest sale event that touched the product, also one that took it out of a sale. */
  readonly sequence: number;
  readonly updated_at: number;
}

export interface ProductSale {
  readonly sale_id: Identifier;
  readonly starts_at: number;
  readonly ends_at: number;
  readonly amount: number;
  readonly currency: string;
  readonly purchase_limit: number | null;
  readonly sequence: number;
}

// Evolve

export function evolveSale(state: Sale | undefined, event: SaleEvent): Sale {
  if (state !== undefined && event.sequence <= state.sequence) return state;
  const { sequence } = event;
  if (event.kind === "sale.cancelled") {
    return { starts_at: 0, ends_at: 0, items: [], named: state?.named ?? [], sequence };
  }
  const { starts_at, ends_at, items } = event.data;
  // A product named twice is in the sale once, at the lower price.
  const byProduct = new Map<Identifier, SaleItem>();
  for (const { product_id, sale_price, purchase_limit } of items) {
    const earlier = byProduct.get(product_id);
    if (earlier !== undefined && earlier.amount <= sale_price.amount) continue;
    byProduct.set(product_id, { product_id, ...sale_price, purchase_limit: purchase_limit ?? null });
  }
  const named = [...new Set([...(state?.named ?? []), ...byProduct.keys()])];
  return { starts_at, ends_at, items: [...byProduct.values()], named, sequence };
}

/**
 * What `sale`, as it now stands, means for one of the products that it names or named. Entries that had
 * ended when the log took the event are left out, so that a product does not carry its sales for ever.
 */
export function evolveProductSales(
  state: ProductSales | undefined,
  product: Identifier,
  sale: Sale,
  event: SaleEvent,
): ProductSales {
  if (state !== undefined && event.sequence <= state.sequence) return state;
  const others = (state?.entries ?? []).filter(
    ({ sale_id, ends_at }) => sale_id !== event.id && ends_at > event.loggedAt,
  );
  const item = sale.items.find(({ product_id }) => product_id === product);
  const { starts_at, ends_at, sequence } = sale;
  const entry = item && {
    sale_id: event.id,
    starts_at,
    ends_at,
    amount: item.amount,
    currency: item.currency,
    purchase_limit: item.purchase_limit,
    sequence,
  };
  return { entries: entry ? [...others, entry] : others, sequence: event.sequence, updated_at: event.at };
}

// Queries

/** The sale that makes the price at `now`: of overlapping ones the lowest, then the later event. */
export function saleInForce(
  price: Price,
  sales: ProductSales | undefined,
  now: number,
): ProductSale | undefined {
  let best: ProductSale | undefined;
  for (const entry of sales?.entries ?? []) {
    if (now < entry.starts_at || now >= entry.ends_at || entry.currency !== price.currency) continue;
    if (
      best === undefined ||
      entry.amount < best.amount ||
      (entry.amount === best.amount && entry.sequence > best.sequence)
    ) {
      best = entry;
    }
  }
  return best;
}

/** The amount in minor units that the product costs at `now`. */
export function amountAt(price: Price, sales: ProductSales | undefined, now: number): number {
  return saleInForce(price, sales, now)?.amount ?? price.amount;
}

/** The next moment after `now` at which a sale of this product starts or ends; undefined if none is known. */
export function nextBoundary(sales: ProductSales | undefined, now: number): number | undefined {
  let next: number | undefined;
  for (const { starts_at, ends_at } of sales?.entries ?? []) {
    for (const moment of [starts_at, ends_at]) {
      if (moment > now && (next === undefined || moment < next)) next = moment;
    }
  }
  return next;
}

/** The sales that cannot apply because they are in another currency than the price. */
export function foreignSales(price: Price, sales: ProductSales | undefined): readonly ProductSale[] {
  return (sales?.entries ?? []).filter(({ currency }) => currency !== price.currency);
}
