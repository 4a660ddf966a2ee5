import { describe, expect, test } from "vitest";
import type { Price } from "../../projections/price.ts";
import {
  amountAt,
  evolveProductSales,
  evolveSale,
  foreignSales,
  nextBoundary,
  type ProductSales,
  type Sale,
  type SaleEvent,
  saleInForce,
} from "../../projections/sales.ts";
import { id } from "../streams/id.ts";
import { happened, specifying } from "./happened.ts";

const lamp = id("lamp");
const hour = (at: number) => new Date(at * 3_600_000).toISOString();
const ms = (at: number) => at * 3_600_000;
const price = (amount: number, currency = "GBP"): Price => ({
  amount,
  currency,
  list_amount: null,
  sequence: 1,
  updated_at: 0,
});

interface Offer {
  readonly starts?: number;
  readonly ends?: number;
  readonly amount?: number;
  readonly currency?: string;
  readonly products?: readonly string[];
  /** The log's time, in hours. */
  readonly at?: number;
}

function scheduled(sequence: number, sale: string, offer: Offer = {}): SaleEvent {
  const { starts = 10, ends = 20, amount = 50, currency = "GBP", products = ["lamp"], at = 0 } = offer;
  const items = products.map((product_id) => ({ product_id, sale_price: { amount, currency } }));
  return happened(
    sequence,
    "sale.scheduled",
    sale,
    { starts_at: hour(starts), ends_at: hour(ends), items },
    ms(at),
  );
}
const cancelled = (sequence: number, sale: string): SaleEvent =>
  happened(sequence, "sale.cancelled", sale, {}, 0);

/** What the sales hold for the lamp, which every sale here names or named. */
const lampSales = specifying((state: ProductSales | undefined, event: SaleEvent) =>
  evolveProductSales(state, lamp, evolveSale(undefined, event), event),
);

describe("the price in a sale", () => {
  test("given a sale, then its price is in force from its start to just before its end", () => {
    lampSales
      .given()
      .when(scheduled(1, "friday"))
      .shows((sales) => {
        const amounts = [ms(10) - 1, ms(10), ms(20) - 1, ms(20)].map((now) =>
          amountAt(price(90), sales, now),
        );
        expect(amounts).toEqual([90, 50, 50, 90]);
      });
  });

  test("given overlapping sales, then the lowest price wins while it lasts", () => {
    lampSales
      .given(scheduled(1, "a", { amount: 40, ends: 15 }))
      .when(scheduled(2, "b", { amount: 60 }))
      .shows((sales) => {
        expect([12, 17, 25].map((at) => amountAt(price(90), sales, ms(at)))).toEqual([40, 60, 90]);
      });
  });

  test("given two sales at the same price, then the later event is in force", () => {
    lampSales
      .given(scheduled(7, "later"))
      .when(scheduled(8, "latest"))
      .shows((sales) => expect(saleInForce(price(90), sales, ms(12))?.sale_id).toBe("latest"));
  });

  test("given a sale above the regular price, then it is the price all the same", () => {
    lampSales
      .given()
      .when(scheduled(1, "odd", { amount: 100 }))
      .shows((sales) => expect(amountAt(price(90), sales, ms(12))).toBe(100));
  });

  test("given a sale in another currency, then it is ignored and can be reported", () => {
    lampSales
      .given(scheduled(1, "home", { amount: 60 }))
      .when(scheduled(2, "abroad", { amount: 5, currency: "EUR" }))
      .shows((sales) => {
        expect(amountAt(price(90), sales, ms(12))).toBe(60);
        expect(foreignSales(price(90), sales).map(({ sale_id }) => sale_id)).toEqual(["abroad"]);
        expect(amountAt(price(90, "EUR"), sales, ms(12))).toBe(5);
      });
  });

  test("without sales the regular price stands and nothing is due", () => {
    expect([amountAt(price(90), undefined, 0), nextBoundary(undefined, 0)]).toEqual([90, undefined]);
  });
});

describe("what is due next", () => {
  test("is the nearest start or end after now", () => {
    lampSales
      .given(scheduled(1, "a", { starts: 10, ends: 20 }))
      .when(scheduled(2, "b", { starts: 15, ends: 30 }))
      .shows((sales) => {
        const moments = [0, 10, 15, 20, 30].map((at) => nextBoundary(sales, ms(at)));
        expect(moments).toEqual([ms(10), ms(15), ms(20), ms(30), undefined]);
        expect(nextBoundary(sales, ms(10) - 1)).toBe(ms(10));
      });
  });
});

describe("a sale that changes", () => {
  test("given a sale, when it is scheduled again, then the new terms replace the old", () => {
    lampSales
      .given(scheduled(1, "friday", { amount: 50 }))
      .when(scheduled(2, "friday", { amount: 70, starts: 12 }))
      .shows((sales) => {
        expect(sales.entries).toHaveLength(1);
        expect([11, 13].map((at) => amountAt(price(90), sales, ms(at)))).toEqual([90, 70]);
      });
  });

  test("given a sale, when it no longer names the product, then the product is not in it", () => {
    lampSales
      .given(scheduled(1, "friday"), scheduled(2, "other", { amount: 80 }))
      .when(scheduled(3, "friday", { products: ["desk"] }))
      .shows((sales) => expect(sales.entries.map(({ sale_id }) => sale_id)).toEqual(["other"]));
  });

  test("given a sale, when it is cancelled, then it is gone, and may be scheduled again", () => {
    lampSales
      .given(scheduled(1, "friday"))
      .when(cancelled(2, "friday"))
      .shows((sales) => expect(sales).toEqual({ entries: [], sequence: 2, updated_at: 0 }));
    lampSales
      .given(scheduled(1, "friday"), cancelled(2, "friday"))
      .when(scheduled(3, "friday"))
      .shows((sales) => expect(amountAt(price(90), sales, ms(12))).toBe(50));
  });

  test("given a newer event, when an older one comes late, then nothing changes", () => {
    lampSales
      .given(scheduled(5, "friday", { amount: 50 }))
      .when(scheduled(4, "friday", { amount: 10 }), cancelled(3, "friday"))
      .shows((sales) => expect(amountAt(price(90), sales, ms(12))).toBe(50));
  });

  test("when another sale's event comes after one has ended, then the ended one is let go", () => {
    lampSales
      .given(scheduled(1, "old", { ends: 20 }))
      .when(scheduled(2, "new", { at: 21, starts: 30, ends: 40 }))
      .shows((sales) => expect(sales.entries.map(({ sale_id }) => sale_id)).toEqual(["new"]));
  });
});

describe("the sale itself", () => {
  const sales = specifying((state: Sale | undefined, event: SaleEvent) => evolveSale(state, event));

  test("when a product is named twice, then it is in the sale once, at the lower price", () => {
    const items = [70, 50, 60].map((amount) => ({
      product_id: "lamp",
      sale_price: { amount, currency: "GBP" },
    }));
    sales
      .given()
      .when(happened(1, "sale.scheduled", "friday", { starts_at: hour(1), ends_at: hour(2), items }))
      .shows((sale) =>
        expect(sale.items).toEqual([
          { product_id: "lamp", amount: 50, currency: "GBP", purchase_limit: null },
        ]),
      );
  });

  test("given a sale, when it is cancelled, then it names nothing", () => {
    sales
      .given(scheduled(1, "friday"))
      .when(cancelled(2, "friday"))
      .shows((sale) => expect(sale).toMatchObject({ items: [], sequence: 2 }));
  });
});
