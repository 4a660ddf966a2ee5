import type { Log } from "../../streams/log.ts";
import { publicSubject, type EventKind } from "../../streams/subjects.ts";
import { id } from "../streams/id.ts";

/**
 * A shop of which every read is known in two ways: as this version's folds have it, and as those of
 * `other-fold.ts` do. Prices of some products and reviews of others go on while it is being read.
 */
export interface Shop {
  readonly count: number;
  publishAll(): Promise<void>;
  /** The next price of a product whose prices go on; returns its amount. */
  reprice(number: number): Promise<number>;
  /** One more review of five stars for a product whose reviews go on. */
  review(number: number): Promise<void>;
  /** Why the answer of `GET /api/products/{id}` is neither the old nor the new one; undefined if it is. */
  problemOf(number: number, answer: Answer): string | undefined;
}

/** What of an answer is looked at. */
export interface Answer {
  readonly title: string;
  readonly degraded?: boolean;
  readonly category_ids: readonly string[];
  readonly group_id: string | null;
  readonly price: { readonly amount: number; readonly list_amount: number | null };
  readonly inventory: { readonly quantity: number };
  readonly rating: { readonly average: number | null; readonly count: number };
}

export const productName = (number: number) => `p${number}`;
export const isRepriced = (number: number) => number % 7 === 3;
export const isReviewed = (number: number) => number % 10 === 5;
const isOnSale = (number: number) => number % 7 === 0;
const isRated = (number: number) => number % 5 === 0;
const listAbove = 1_000_000;

export function createShop(catalog: Log, count: number): Shop {
  /** The newest price that went out, by product, and the newest that was read. */
  const sent = new Map<number, number>();
  const shown = new Map<number, number>();
  const reviewsSent = new Map<number, number>();
  const reviewsKnown = new Map<number, number>();
  /** Values that were seen to be new, as `<product> <value>`. */
  const renewed = new Set<string>();

  const publish = (kind: EventKind, name: string, payload: object) =>
    catalog.append(publicSubject(kind, id(name)), Buffer.from(JSON.stringify(payload)));
  const gbp = (amount: number) => ({ amount, currency: "GBP" });

  function* history(): Iterable<readonly [EventKind, string, object]> {
    yield ["category.modified", "all", { name: "All" }];
    yield ["category.modified", "attic", { name: "Attic", parent_id: "house" }];
    yield ["category.modified", "house", { name: "House" }];
    for (let number = 0; number < count; number++) {
      const name = productName(number);
      const group = { 0: "pair", 1: "twins" }[number % 50];
      const category_ids = ["all", ...(number % 3 === 0 ? ["attic"] : [])];
      yield ["product.modified", name, { title: "Draft", category_ids: ["attic"], group_id: "pair" }];
      yield ["price.updated", name, { new_price: gbp(1) }];
      yield ["product.modified", name, { title: `Product ${number}`, category_ids, group_id: group }];
      yield ["price.updated", name, { new_price: gbp(1_000 + number) }];
      yield ["inventory.changed", name, { new_quantity: number + 7 }];
      yield ["inventory.changed", name, { new_quantity: number }];
      if (!isRated(number)) continue;
      yield ["review.posted", name, { review_id: "a", rating: 5 }];
      yield ["review.posted", name, { review_id: "b", rating: 4 }];
      yield ["review.posted", name, { review_id: "a", rating: 1 }];
    }
    const hour = 3_600_000;
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    const items = Array.from({ length: count }, (_, number) => number)
      .filter(isOnSale)
      .map((number) => ({ product_id: productName(number), sale_price: gbp(500) }));
    yield ["sale.scheduled", "friday", { starts_at: at(-hour), ends_at: at(24 * hour), items }];
    yield ["price.updated", productName(0), { new_price: { amount: "much", currency: "GBP" } }];
  }

  /** An old or a new value; and never the old one again once the new one was shown. */
  function either<T>(place: string, found: T, older: T, newer: T): string | undefined {
    const text = JSON.stringify(found);
    if (text === JSON.stringify(newer)) {
      renewed.add(place);
      return undefined;
    }
    if (text !== JSON.stringify(older)) return `${place} is ${text}`;
    return renewed.has(place) ? `${place} went back to ${text}` : undefined;
  }

  function problemOfPrice(number: number, { amount, list_amount }: Answer["price"]): string | undefined {
    const name = productName(number);
    const regular = 1_000 + number;
    if (isOnSale(number)) {
      return list_amount === regular
        ? either(`${name} sale`, amount, 500, 501)
        : `${name} has the regular price ${list_amount} during its sale`;
    }
    const [least, most] = [shown.get(number) ?? regular, sent.get(number) ?? regular];
    if (amount < least || amount > most)
      return `${name} costs ${amount}, between ${least} and ${most} were due`;
    shown.set(number, amount);
    // Later prices are made by the new fold, whatever stood before.
    if (amount > regular) renewed.add(`${name} price`);
    return either(`${name} price`, list_amount, null, amount + listAbove);
  }

  function problemOfRating(
    number: number,
    { average, count: reviews }: Answer["rating"],
  ): string | undefined {
    const name = productName(number);
    if (!isRated(number)) return reviews === 0 ? undefined : `${name} has ${reviews} reviews`;
    const more = reviews - 2;
    if (more < 0 || more > (reviewsSent.get(number) ?? 0)) return `${name} has ${reviews} reviews`;
    if (more < (reviewsKnown.get(number) ?? 0)) return `${name} went back to ${reviews} reviews`;
    reviewsKnown.set(number, more);
    const averageOf = (sum: number) => Math.round((100 * (sum + 5 * more)) / reviews) / 100;
    return either(`${name} rating`, average, averageOf(5), averageOf(6));
  }

  return {
    count,

    async publishAll() {
      let window: Promise<unknown>[] = [];
      for (const [kind, name, payload] of history()) {
        window.push(publish(kind, name, payload));
        if (window.length < 256) continue;
        await Promise.all(window);
        window = [];
      }
      await Promise.all(window);
    },

    async reprice(number) {
      const amount = (sent.get(number) ?? 1_000 + number) + 1;
      sent.set(number, amount);
      await publish("price.updated", productName(number), { new_price: gbp(amount) });
      return amount;
    },

    async review(number) {
      const nth = (reviewsSent.get(number) ?? 0) + 1;
      reviewsSent.set(number, nth);
      await publish("review.posted", productName(number), { review_id: `more-${nth}`, rating: 5 });
    },

    problemOf(number, answer) {
      const name = productName(number);
      if (answer.degraded === true) return `${name} is degraded`;
      const { title, category_ids, group_id } = answer;
      const attic = number % 3 === 0;
      const group = { 0: "pair", 1: "twins" }[number % 50] ?? null;
      return (
        either(
          `${name} details`,
          [title, category_ids, group_id],
          [`Product ${number}`, attic ? ["all", "attic"] : ["all"], group],
          [`PRODUCT ${number}`, ["all"], group === "pair" ? "twins" : group],
        ) ??
        problemOfPrice(number, answer.price) ??
        either(`${name} stock`, answer.inventory.quantity, number, number + 1_000) ??
        problemOfRating(number, answer.rating)
      );
    },
  };
}
