import type { Identifier } from "../../streams/identifier.ts";
import { type HotSale, withSale } from "./hot-state.ts";

/**
 * Products that a sale wants warm and that have no room: so much is kept of them in place of a machine, of which there
 * are no more than there is room for. What waits is bounded by who gives room, which says whom to forget.
 */
export interface SaleWishes {
  add(id: Identifier, sale: HotSale): void;
  /** The sale wants it no more. */
  cancel(id: Identifier, sale: Identifier): void;
  has(id: Identifier): boolean;
  /** There is room: all of its sales, which are forgotten here. */
  take(id: Identifier): readonly HotSale[];
}

export function createSaleWishes(): SaleWishes {
  const wishes = new Map<Identifier, readonly HotSale[]>();
  return {
    add(id, sale) {
      wishes.set(id, withSale(wishes.get(id) ?? [], sale));
    },
    cancel(id, sale) {
      const left = wishes.get(id)?.filter((one) => one.sale !== sale) ?? [];
      if (left.length === 0) wishes.delete(id);
      else wishes.set(id, left);
    },
    has: (id) => wishes.has(id),
    take(id) {
      const sales = wishes.get(id) ?? [];
      wishes.delete(id);
      return sales;
    },
  };
}
