import { evolveSale, type Sale, type SaleEvent } from "../../projections/sales.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { createDeadlines } from "./deadlines.ts";
import type { HotSale } from "./hot-state.ts";

/**
 * Which products are in which sale, and when each must be warm: some minutes before the sale begins, and until it is seen
 * which of them readers have come for. From then on heat decides, or the products of a sale that lasts for weeks would take
 * all the room. It is made from the log's sale events, the oldest first, and forgets a sale whose beginning is past. Pure:
 * times are passed in, in milliseconds since 1970.
 */
export interface SaleCalendar {
  /** The products that the sale no longer names, or no longer at these times. */
  hear(event: SaleEvent, at: number): readonly Identifier[];
  /** One sale whose moment has come, each once as it stands when it begins to be warm, and once when that is over. */
  due(at: number): DueSale | undefined;
  /** When there is something due next. */
  next(): number | undefined;
}

export interface DueSale {
  readonly products: readonly PlannedSale[];
  /** They must be warm from now on, or no more for this sale alone. */
  readonly isOver: boolean;
}

export interface PlannedSale extends HotSale {
  readonly product: Identifier;
}

/** A sale's products are warm for so long after it began, for that alone. */
export const keptMs = 900_000;

/** Products in sales to come, counted once for each sale. Beyond it the sale that begins last is forgotten: it warms by its heat. */
export const plannedMax = 200_000;

interface Planned {
  readonly sale: Sale;
  readonly from: number;
  readonly until: number;
}

export function createSaleCalendar({ warmBeforeMs }: { readonly warmBeforeMs: number }): SaleCalendar {
  const sales = new Map<Identifier, Planned>();
  const deadlines = createDeadlines<Identifier>();
  let planned = 0;

  function forget(id: Identifier): void {
    planned -= sales.get(id)?.sale.items.length ?? 0;
    sales.delete(id);
    deadlines.set(id, undefined);
  }

  function forgetLast(): void {
    let last: Identifier | undefined;
    for (const [id, { from }] of sales)
      if (last === undefined || from > (sales.get(last)?.from ?? 0)) last = id;
    if (last !== undefined) forget(last);
  }

  return {
    hear(event, at) {
      const before = sales.get(event.id);
      const sale = evolveSale(before?.sale, event);
      if (sale === before?.sale) return [];
      forget(event.id);
      const from = sale.starts_at - warmBeforeMs;
      const until = Math.min(sale.ends_at, sale.starts_at + keptMs);
      if (until > at && sale.items.length > 0) {
        sales.set(event.id, { sale, from, until });
        deadlines.set(event.id, Math.max(from, at));
        planned += sale.items.length;
        while (planned > plannedMax) forgetLast();
      }
      // One whose time has moved is told anew when it is due.
      const kept = from > at ? [] : sale.items.map(({ product_id }) => product_id);
      const still = new Set(until > at ? kept : []);
      return sale.named.filter((id) => !still.has(id));
    },
    due(at) {
      const [id] = deadlines.take(at, 1);
      const due = id && sales.get(id);
      if (id === undefined || due === undefined) return undefined;
      const { sale, from, until } = due;
      const isOver = until <= at;
      if (isOver) forget(id);
      else deadlines.set(id, until);
      return {
        products: sale.items.map(({ product_id }) => ({ product: product_id, sale: id, from, until })),
        isOver,
      };
    },
    next: () => deadlines.next(),
  };
}
