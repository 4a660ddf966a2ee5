import { createHash } from "node:crypto";
import { type Identifier, identifierBytesMax, tokenOf } from "../../../streams/identifier.ts";
import type { Log, StoredMessage } from "../../../streams/log.ts";
import { storedSubject } from "../../../streams/subjects.ts";
import type { FeedSale } from "./entry.ts";
import { eventOf } from "./facts.ts";
import { bytesOf, type Settle, type Settled } from "./settle.ts";

/**
 * A price for a time, as feeds attach it to a product, is a sale of that one product. It belongs to the feed:
 * new dates replace it, and it is cancelled when the feed names it no more while it has not ended.
 */
export interface FeedSales {
  /** `sale` is null where the feed has none for the product. */
  settle(product: Identifier, sale: FeedSale | null, expectNew: boolean): Promise<Settled>;
}

/** `now` is in milliseconds since 1970: a sale that has ended by then is none. */
export function createFeedSales(catalog: Log, feed: string, settle: Settle, now: () => number): FeedSales {
  return {
    async settle(product, sale, expectNew) {
      const id = saleIdOf(feed, product);
      const last = (kind: "sale.scheduled" | "sale.cancelled") =>
        catalog.last(storedSubject(kind, tokenOf(id)), "leader");
      const scheduled = expectNew ? undefined : await last("sale.scheduled");
      const cancelled = scheduled && (await last("sale.cancelled"));
      const stands = (message: StoredMessage) => message.sequence > (cancelled?.sequence ?? 0);

      if (sale !== null && sale.ends_at > now()) {
        const payload = bytesOf({
          starts_at: new Date(sale.starts_at).toISOString(),
          ends_at: new Date(sale.ends_at).toISOString(),
          items: [{ product_id: product, sale_price: sale.sale_price }],
        });
        const holds = (message: StoredMessage) => stands(message) && isSale(message, product, sale);
        return settle({ kind: "sale.scheduled", id, payload, holds }, scheduled === undefined);
      }

      const ends = scheduled && eventOf("sale.scheduled", scheduled)?.data.ends_at;
      if (scheduled === undefined || ends === undefined || ends <= now() || !stands(scheduled)) {
        return { published: false, known: scheduled !== undefined };
      }
      const holds = (message: StoredMessage) => message.sequence > scheduled.sequence;
      return settle({ kind: "sale.cancelled", id, payload: bytesOf({}), holds }, false);
    },
  };
}

function isSale(message: StoredMessage, product: Identifier, sale: FeedSale): boolean {
  const data = eventOf("sale.scheduled", message)?.data;
  const [item, ...others] = data?.items ?? [];
  return (
    data?.starts_at === sale.starts_at &&
    data.ends_at === sale.ends_at &&
    others.length === 0 &&
    item?.product_id === product &&
    item.sale_price.amount === sale.sale_price.amount &&
    item.sale_price.currency === sale.sale_price.currency
  );
}

/** An identifier has its limit, and the product's own may have reached it. */
function saleIdOf(feed: string, product: Identifier): Identifier {
  const id = `${feed}-sale-${product}`;
  if (Buffer.byteLength(id) <= identifierBytesMax) return id as Identifier;
  return `${feed}-sale-${createHash("sha256").update(product).digest("hex").slice(0, 32)}` as Identifier;
}
