import { describe, expect, test } from "vitest";
import type { InvoiceLine } from "../../ops/import/retail/invoice-line.ts";
import { createRetailFeed, type RetailSettings } from "../../ops/import/retail/retail-feed.ts";
import type { Standing } from "../../ops/import/retail/standing.ts";
import { type Survey, survey } from "../../ops/import/retail/survey.ts";
import type { Identifier } from "../../streams/identifier.ts";

interface Sold {
  readonly product?: string;
  readonly invoice?: string;
  readonly quantity?: number;
  readonly price?: number;
  readonly description?: string;
  readonly customer?: string;
  /** Minutes past eight. */
  readonly minute?: number;
}

const stamp = (minute: number) => `2010-12-01T08:${String(minute).padStart(2, "0")}:00Z`;

function linesOf(sold: readonly Sold[]): InvoiceLine[] {
  return sold.map((sale, index) => ({
    line: index + 2,
    invoice: (sale.invoice ?? "I1") as Identifier,
    cancelled: sale.invoice?.startsWith("C") ?? false,
    product: (sale.product ?? "P1") as Identifier,
    description: sale.description ?? "LANTERN",
    quantity: sale.quantity ?? 1,
    price: sale.price ?? 255,
    at: stamp(sale.minute ?? index),
    customer: sale.customer as Identifier | undefined,
  }));
}

/** What the lines make, as "kind subject: the payload that matters". */
function feedOf(
  sold: readonly Sold[],
  standing: Partial<Standing> = {},
  settings: Partial<RetailSettings> = {},
) {
  const surveyed: Survey = new Map();
  const lines = linesOf(sold);
  for (const line of lines) survey(surveyed, line);
  const nothing: Standing = { price: undefined, stock: undefined, title: undefined, titleAt: "" };
  const base = new Map([["P1" as Identifier, { ...nothing, ...standing }]]);
  const feed = createRetailFeed(
    surveyed,
    base,
    { currency: "GBP", openingStock: undefined, ...settings },
    "x.csv",
  );
  const outcomes = lines.map((line) => feed.take(line));
  const events = [...outcomes.flatMap((outcome) => outcome.events), ...feed.end()];
  const payloads = (kind: string) =>
    events.filter((event) => event.kind === kind).map((event) => event.payload);
  return { events, payloads, rejections: outcomes.flatMap(({ rejection }) => rejection ?? []) };
}

describe("stock", () => {
  test("opens with what the deepest point of the file needs, and follows sales and returns", () => {
    const { payloads } = feedOf([
      { quantity: 3 },
      { invoice: "C2", quantity: 2 },
      { invoice: "I3", quantity: 4 },
    ]);
    expect(payloads("inventory.changed")).toEqual([
      { new_quantity: 5, reason: "restock", reference: "x.csv", occurred_at: stamp(0) },
      { new_quantity: 2, reason: "purchase", reference: "I1", occurred_at: stamp(0) },
      { new_quantity: 4, reason: "return", reference: "C2", occurred_at: stamp(1) },
      { new_quantity: 0, reason: "purchase", reference: "I3", occurred_at: stamp(2) },
    ]);
  });

  test("that is there already is topped up by no more than is needed", () => {
    expect(feedOf([{ quantity: 3 }], { stock: 2 }).payloads("inventory.changed")).toMatchObject([
      { new_quantity: 3, reason: "restock" },
      { new_quantity: 0 },
    ]);
    expect(feedOf([{ quantity: 3 }], { stock: 9 }).payloads("inventory.changed")).toMatchObject([
      { new_quantity: 6 },
    ]);
  });

  test("of a fixed opening is never sold below zero: such a line moves nothing and sets no price", () => {
    const { payloads, rejections } = feedOf(
      [{ quantity: 4 }, { quantity: 4, price: 999, customer: "7" }, { quantity: 1 }],
      {},
      { openingStock: 5 },
    );
    expect(payloads("inventory.changed")).toMatchObject([
      { new_quantity: 5 },
      { new_quantity: 1 },
      { new_quantity: 0 },
    ]);
    expect(rejections).toEqual([{ reason: "stock-below-zero", detail: "4 sold and 1 in stock" }]);
    expect(payloads("price.updated")).toHaveLength(1);
    expect(payloads("order.placed")).toEqual([]);
  });

  test("a product whose first line is rejected is introduced all the same", () => {
    const { payloads } = feedOf([{ quantity: 9 }, { quantity: 1 }], {}, { openingStock: 5 });
    expect(payloads("product.modified")).toHaveLength(1);
    expect(payloads("inventory.changed")).toMatchObject([{ new_quantity: 5 }, { new_quantity: 4 }]);
  });
});

describe("prices", () => {
  test("are published where they change, and never by a return", () => {
    const { payloads } = feedOf([
      { price: 255 },
      { price: 255 },
      { invoice: "C2", price: 100 },
      { price: 300, minute: 9 },
    ]);
    expect(payloads("price.updated")).toEqual([
      { new_price: { amount: 255, currency: "GBP" }, occurred_at: stamp(0) },
      { new_price: { amount: 300, currency: "GBP" }, occurred_at: stamp(9) },
    ]);
  });

  test("that the catalogue holds already are not published again", () => {
    expect(feedOf([{ price: 255 }], { price: 255 }).payloads("price.updated")).toEqual([]);
  });
});

describe("titles", () => {
  const title = (...parameters: Parameters<typeof feedOf>) =>
    feedOf(...parameters).payloads("product.modified");

  test("are the latest description by date, with the product there from its first line", () => {
    expect(
      title([{ description: "NEW", minute: 5 }, { description: "OLD", minute: 1 }, { description: "" }]),
    ).toEqual([{ title: "NEW", status: "active", category_ids: ["online-retail"], occurred_at: stamp(5) }]);
  });

  test("do not come from returns; a product without any is called by its code", () => {
    expect(title([{ invoice: "C1", description: "Discount" }])).toMatchObject([{ title: "P1" }]);
  });

  test("change only where the file describes the product later than the catalogue", () => {
    const sale = [{ description: "NEW", minute: 5 }];
    expect(title(sale, { title: "OLD", titleAt: stamp(1) })).toMatchObject([
      { title: "NEW", occurred_at: stamp(5) },
    ]);
    expect(title(sale, { title: "OLD", titleAt: stamp(9) })).toEqual([]);
    expect(title(sale, { title: "NEW", titleAt: stamp(1) })).toEqual([]);
  });
});

describe("orders", () => {
  test("hold an invoice's lines, also a stray one behind another invoice; lines without a customer make none", () => {
    const { events } = feedOf([
      { invoice: "I1", customer: "7", quantity: 2 },
      { invoice: "I2", customer: "8", product: "P2" },
      { invoice: "I1", customer: "7", product: "P3" },
      { invoice: "I3" },
      { invoice: "C4", customer: "7" },
    ]);
    const orders = events.filter(({ kind }) => kind === "order.placed");
    expect(orders.map(({ subject }) => subject)).toEqual([
      "activity.order.placed.7",
      "activity.order.placed.8",
    ]);
    expect(orders[0]?.payload).toEqual({
      order_id: "I1",
      items: [
        { product_id: "P1", quantity: 2, unit_price: { amount: 255, currency: "GBP" } },
        { product_id: "P3", quantity: 1, unit_price: { amount: 255, currency: "GBP" } },
      ],
      occurred_at: stamp(0),
    });
  });

  test("too large for one event are placed in parts", () => {
    const sold = Array.from({ length: 4_000 }, (_, at) => ({
      product: `product-${at}`,
      customer: "7",
      minute: 1,
    }));
    const orders = feedOf(sold).events.filter(({ kind }) => kind === "order.placed");
    expect(orders.length).toBeGreaterThan(1);
    for (const { payload } of orders) expect(JSON.stringify(payload).length).toBeLessThan(256 * 1024);
  });
});

test("every event of a file has a name of its own", () => {
  const { events } = feedOf([{ customer: "7" }, { invoice: "C2" }, { price: 300, customer: "7" }]);
  expect(new Set(events.map(({ name }) => name)).size).toBe(events.length);
});
