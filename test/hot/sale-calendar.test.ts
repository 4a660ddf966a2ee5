import { expect, test } from "vitest";
import { createSaleCalendar, keptMs, plannedMax, type SaleCalendar } from "../../actors/hot/sale-calendar.ts";
import type { SaleEvent } from "../../projections/sales.ts";
import { id } from "../streams/id.ts";
import { tokenOf } from "../../streams/identifier.ts";

/** Which products must be warm, and from when on. */

const warmBeforeMs = 300_000;
const hour = 3_600_000;
let sequence = 0;
const head = (sale: string) => ({
  id: id(sale),
  token: tokenOf(id(sale)),
  partition: 0,
  sequence: ++sequence,
  loggedAt: 0,
  at: 0,
});
const scheduled = (
  sale: string,
  starts_at: number,
  ends_at: number,
  products: readonly string[],
): SaleEvent => ({
  kind: "sale.scheduled",
  ...head(sale),
  data: {
    starts_at,
    ends_at,
    items: products.map((product) => ({
      product_id: id(product),
      sale_price: { amount: 100, currency: "EUR" },
    })),
  },
});
const cancelled = (sale: string): SaleEvent => ({ kind: "sale.cancelled", ...head(sale), data: {} });

/** Products that must be warm from now on. */
function warm(calendar: SaleCalendar, at: number) {
  const products = [];
  for (let due = calendar.due(at); due !== undefined; due = calendar.due(at))
    if (!due.isOver) products.push(...due.products);
  return products;
}

test("a sale's products are due five minutes before it, once", () => {
  const calendar = createSaleCalendar({ warmBeforeMs });
  expect(calendar.hear(scheduled("deal", hour, 2 * hour, ["lamp", "chair"]), 0)).toEqual([
    id("lamp"),
    id("chair"),
  ]);
  expect(calendar.next()).toBe(hour - warmBeforeMs);
  expect(warm(calendar, hour - warmBeforeMs - 1)).toEqual([]);
  const planned = { sale: id("deal"), from: hour - warmBeforeMs, until: hour + keptMs };
  expect(warm(calendar, hour - warmBeforeMs)).toEqual([
    { product: id("lamp"), ...planned },
    { product: id("chair"), ...planned },
  ]);
  expect(warm(calendar, hour)).toEqual([]);
  expect(calendar.next()).toBe(hour + keptMs);
  expect(warm(calendar, hour + keptMs)).toEqual([]);
  expect(calendar.next()).toBeUndefined();
});

test("sales that are due at one moment are told one by one, and so is that each is over", () => {
  const calendar = createSaleCalendar({ warmBeforeMs });
  for (const sale of ["deal", "other"]) calendar.hear(scheduled(sale, hour, 2 * hour, ["lamp"]), 0);
  for (const isOver of [false, true]) {
    const at = isOver ? hour + keptMs : hour;
    expect(calendar.due(at)).toMatchObject({ isOver, products: [{ product: "lamp", sale: "deal" }] });
    expect(calendar.next()).toBeLessThanOrEqual(at);
    expect(calendar.due(at)).toMatchObject({ isOver, products: [{ product: "lamp", sale: "other" }] });
  }
  expect(calendar.next()).toBeUndefined();
});

test("one that ends sooner is forgotten at its end", () => {
  const calendar = createSaleCalendar({ warmBeforeMs });
  calendar.hear(scheduled("flash", hour, hour + keptMs - 1, ["lamp"]), 0);
  expect(warm(calendar, hour)).toMatchObject([{ product: "lamp", until: hour + keptMs - 1 }]);
  expect(calendar.next()).toBe(hour + keptMs - 1);
});

test("one that is told of when it has begun is due at once, one that is over never", () => {
  const calendar = createSaleCalendar({ warmBeforeMs });
  expect(calendar.hear(scheduled("deal", hour, 2 * hour, ["lamp"]), hour + 1)).toEqual([]);
  calendar.hear(scheduled("past", hour, 2 * hour, ["chair"]), 3 * hour);
  expect(warm(calendar, hour + 1)).toMatchObject([{ product: "lamp" }]);
  expect(warm(calendar, 4 * hour)).toEqual([]);
});

test("a sale that is cancelled, or no longer names a product, lets it go", () => {
  const calendar = createSaleCalendar({ warmBeforeMs });
  calendar.hear(scheduled("deal", hour, 2 * hour, ["lamp", "chair"]), hour);
  warm(calendar, hour);
  expect(calendar.hear(scheduled("deal", hour, 2 * hour, ["lamp"]), hour)).toEqual([id("chair")]);
  expect(warm(calendar, hour)).toMatchObject([{ product: "lamp" }]);
  expect(calendar.hear(cancelled("deal"), hour)).toEqual([id("lamp"), id("chair")]);
  expect(calendar.next()).toBeUndefined();
});

test("a sale that was put off lets its products go until then", () => {
  const calendar = createSaleCalendar({ warmBeforeMs });
  calendar.hear(scheduled("deal", hour, 2 * hour, ["lamp"]), hour);
  warm(calendar, hour);
  expect(calendar.hear(scheduled("deal", 5 * hour, 6 * hour, ["lamp"]), hour)).toEqual([id("lamp")]);
  expect(calendar.next()).toBe(5 * hour - warmBeforeMs);
});

test("an older event than the one before changes nothing", () => {
  const calendar = createSaleCalendar({ warmBeforeMs });
  const older = scheduled("deal", hour, 2 * hour, ["lamp"]);
  calendar.hear(cancelled("deal"), 0);
  calendar.hear(scheduled("deal", 3 * hour, 4 * hour, ["lamp"]), 0);
  expect(calendar.hear(older, 0)).toEqual([]);
  expect(calendar.next()).toBe(3 * hour - warmBeforeMs);
});

test("it is bounded: the sale that begins last is forgotten first", () => {
  const calendar = createSaleCalendar({ warmBeforeMs });
  const many = Array.from({ length: plannedMax / 4 }, (_, at) => `p-${at}`);
  for (let at = 1; at <= 6; at++) calendar.hear(scheduled(`deal-${at}`, at * hour, 100 * hour, many), 0);
  const told = [1, 2, 3, 4, 5, 6].flatMap((at) => warm(calendar, at * hour).map(({ sale }) => sale));
  expect([...new Set(told)]).toEqual(["deal-1", "deal-2", "deal-3", "deal-4"]);
});
