import type { Identifier } from "../../../streams/identifier.ts";
import { onlineRetailCategory } from "./category.ts";
import { type FeedEvent, feedEvent } from "./feed-event.ts";
import type { InvoiceLine, Rejection } from "./invoice-line.ts";
import { createOpenOrders } from "./open-orders.ts";
import { type Base, nothingStanding, type Standing } from "./standing.ts";
import type { ProductSurvey, Survey } from "./survey.ts";

/**
 * Lines to events. Pure: the same file, base and settings make the same events under the same names, which
 * is what lets an interrupted import go on.
 *
 * A product's title and its opening stock come with its first line, before the move which that line makes.
 */

export interface RetailSettings {
  readonly currency: string;
  /** Fixed opening stock of products that have none; undefined: as much as the file will sell. */
  readonly openingStock: number | undefined;
}

export interface RetailFeed {
  /** What a line makes; with a rejection, the events are only those that introduce its product. */
  take(line: InvoiceLine): { readonly events: readonly FeedEvent[]; readonly rejection?: Rejection };
  /** The orders still open. */
  end(): readonly FeedEvent[];
  /** What the products of the file hold by now. */
  standing(): Base;
}

interface Running {
  price: number | undefined;
  stock: number;
  title: string | undefined;
  titleAt: string;
}

/** `surveyed` is the whole file's, `base` what the catalogue held before it, `reference` names the import. */
export function createRetailFeed(
  surveyed: Survey,
  base: Base,
  { currency, openingStock }: RetailSettings,
  reference: string,
): RetailFeed {
  const running = new Map<Identifier, Running>();
  const orders = createOpenOrders(currency);

  function introduce(line: InvoiceLine, product: ProductSurvey, events: FeedEvent[]): Running {
    const standing = base.get(line.product) ?? nothingStanding;
    const title = titleOf(line, product, standing);
    if (title !== undefined) {
      events.push(
        feedEvent("product.modified", line.product, line.line, "product", {
          title: title.text,
          status: "active",
          category_ids: [onlineRetailCategory.id],
          occurred_at: title.at,
        }),
      );
    }
    const opening = openingOf(product, standing, openingStock);
    if (opening !== standing.stock) {
      events.push(
        feedEvent("inventory.changed", line.product, line.line, "opening", {
          new_quantity: opening,
          reason: "restock",
          reference,
          occurred_at: product.firstAt,
        }),
      );
    }
    return {
      price: standing.price,
      stock: opening,
      title: title?.text ?? standing.title,
      titleAt: title?.at ?? standing.titleAt,
    };
  }

  return {
    take(line) {
      const product = surveyed.get(line.product);
      if (product === undefined) throw new Error(`line ${line.line} was not surveyed: the file has changed`);
      const events: FeedEvent[] = [];
      let now = running.get(line.product);
      if (now === undefined) {
        now = introduce(line, product, events);
        running.set(line.product, now);
      }
      const stock = now.stock + (line.cancelled ? line.quantity : -line.quantity);
      if (stock < 0) {
        const detail = `${line.quantity} sold and ${now.stock} in stock`;
        return { events, rejection: { reason: "stock-below-zero", detail } };
      }
      now.stock = stock;
      if (!line.cancelled && line.price !== now.price) {
        now.price = line.price;
        events.push(
          feedEvent("price.updated", line.product, line.line, "price", {
            new_price: { amount: line.price, currency },
            occurred_at: line.at,
          }),
        );
      }
      events.push(
        feedEvent("inventory.changed", line.product, line.line, "stock", {
          new_quantity: stock,
          reason: line.cancelled ? "return" : "purchase",
          reference: line.invoice,
          occurred_at: line.at,
        }),
      );
      if (!line.cancelled && line.customer !== undefined) events.push(...orders.take(line, line.customer));
      return { events };
    },
    end: () => orders.end(),
    standing: () => running,
  };
}

/** The document's title where one has to be published: a new product's, or one described anew since. */
function titleOf(
  line: InvoiceLine,
  product: ProductSurvey,
  standing: Standing,
): { text: string; at: string } | undefined {
  // A new product has to be there from its first line on, also in history.
  if (standing.title === undefined) return { text: product.title ?? line.product, at: product.firstAt };
  if (product.title === undefined || product.title === standing.title) return undefined;
  return product.titleAt > standing.titleAt ? { text: product.title, at: product.titleAt } : undefined;
}

function openingOf(product: ProductSurvey, { stock }: Standing, openingStock: number | undefined): number {
  if (openingStock !== undefined) return stock ?? openingStock;
  return Math.max(stock ?? 0, -product.lowest);
}
