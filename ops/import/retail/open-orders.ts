import type { Identifier } from "../../../streams/identifier.ts";
import { type FeedEvent, feedEvent } from "./feed-event.ts";
import type { InvoiceLine } from "./invoice-line.ts";

/**
 * Invoices on their way to being orders. The lines of an invoice stand together in an export, but for a
 * stray one a few invoices later; so the newest invoices stay open for such lines and an order is placed
 * when enough others began after it.
 *
 * An order too large for one event is placed in parts, under the same order id.
 */

export interface OpenOrders {
  /** Takes a sale with a customer; what it completes comes back. */
  take(line: InvoiceLine, customer: Identifier): FeedEvent[];
  /** The file is over. */
  end(): FeedEvent[];
}

interface OpenOrder {
  readonly first: InvoiceLine;
  readonly customer: Identifier;
  items: object[];
  bytes: number;
}

const openInvoicesMax = 256;
/** An event may have 256 KiB; what surrounds the items has less than 1. */
const itemsBytesMax = 250 * 1024;

export function createOpenOrders(currency: string): OpenOrders {
  const open = new Map<string, OpenOrder>();
  return {
    take(line, customer) {
      const placed: FeedEvent[] = [];
      const item = {
        product_id: line.product,
        quantity: line.quantity,
        unit_price: { amount: line.price, currency },
      };
      const bytes = Buffer.byteLength(JSON.stringify(item)) + 1;
      // A line feed is in no identifier.
      const key = `${line.invoice}\n${customer}`;
      let order = open.get(key);
      if (order !== undefined && order.bytes + bytes > itemsBytesMax) {
        placed.push(place(order));
        open.delete(key);
        order = undefined;
      }
      if (order === undefined) {
        order = { first: line, customer, items: [], bytes: 0 };
        open.set(key, order);
      }
      order.items.push(item);
      order.bytes += bytes;
      if (open.size > openInvoicesMax) {
        const [oldest] = open;
        if (oldest !== undefined) {
          open.delete(oldest[0]);
          placed.push(place(oldest[1]));
        }
      }
      return placed;
    },
    end() {
      const placed = Array.from(open.values(), place);
      open.clear();
      return placed;
    },
  };
}

function place({ first, customer, items }: OpenOrder): FeedEvent {
  return feedEvent("order.placed", customer, first.line, "order", {
    order_id: first.invoice,
    items,
    occurred_at: first.at,
  });
}
