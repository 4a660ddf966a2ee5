import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { money } from "../edge-purge/shop.ts";
import {
  type Body,
  coursesOf,
  failedAmong,
  isCourse,
  type Price,
  startPolling,
  wrongAmong,
} from "./polling.ts";
import { openSaleShop, pathOf, readersOf, type SaleShop } from "./sale-shop.ts";

/**
 * Sales that are cancelled, replaced, or overlap, and what shows several products: as clients see them who ask two nodes
 * directly and through Varnish.
 */

const patience = { timeout: 20_000, interval: 20 };
/** By when what was published shows everywhere: far within the lifetimes that the edge was told, so a purge did it. */
const soonMs = 3_000;
/** In which all are told of a sale before it starts. */
const leadMs = 4_000;
const forEver = Number.POSITIVE_INFINITY;
let shop: SaleShop;

beforeAll(async () => {
  shop = await openSaleShop();
});
afterAll(() => shop.stop());

const until = (moment: number) => delay(Math.max(0, moment - Date.now()));

/** "600, was 1000, late": the amount, the regular one, and whose sale it is. */
const textOf = (price: Price | null | undefined) =>
  price && `${price.amount}, was ${price.list_amount}, ${price.sale?.id}`;
const told = ({ price }: Body) => textOf(price);
const regular = (amount: number) => `${amount}, was null, undefined`;

/** Who asks for a product, or for a page that shows it. */
function watch(path: string, shownIn: (body: Body) => unknown) {
  const readers = readersOf(shop, path, shownIn);
  const polling = startPolling(readers, [8, 12, 16]);
  return {
    ...polling,
    /** Until each of them was told that it changes then. */
    foretold: (moment: number) =>
      vi.waitFor(() => {
        const last = new Map(polling.seen.map((one) => [one.client, one.headers["catalog-valid-until"]]));
        expect([...last.values()]).toEqual(readers.map(() => String(moment)));
        expect(Date.now()).toBeLessThan(moment);
      }, patience),
    /** Until each of them was shown it. */
    shown: (what: unknown) =>
      vi.waitFor(() => {
        const last = new Map(polling.seen.map((one) => [one.client, one.shown]));
        expect([...last.values()]).toEqual(readers.map(() => what));
      }, patience),
    async ends(right: Parameters<typeof wrongAmong>[1], course: readonly unknown[]) {
      const seen = await polling.done();
      expect(failedAmong(seen)).toEqual([]);
      expect(wrongAmong(seen, right)).toEqual([]);
      const courses = coursesOf(seen);
      expect(Object.keys(courses).sort()).toEqual(readers.map(({ name }) => name).sort());
      expect(Object.entries(courses).filter(([, each]) => !isCourse(each, course))).toEqual([]);
      expect(new Set(seen.map(({ shown }) => shown))).toEqual(new Set(course));
    },
  };
}

/** Publishes, and says between which moments that was. */
async function between(publish: () => Promise<unknown>) {
  const from = Date.now();
  await publish();
  return { from, to: Date.now() + soonMs };
}

test("a sale that is cancelled before it starts never shows", async () => {
  await shop.place("early-end", 1_000);
  const watching = watch(pathOf("early-end"), told);
  const from = Date.now() + leadMs;
  await shop.sell("called-off", { from, to: from + 60_000, items: { "early-end": 600 } });
  await watching.foretold(from);
  await until(from - 1_000);
  await shop.publish("sale.cancelled", "called-off", {});
  await until(from + 500);
  await watching.ends([{ shown: regular(1_000), from: 0, to: forEver }], [regular(1_000)]);
});

test("a sale that is cancelled while it runs ends at once", async () => {
  await shop.place("cut", 1_000);
  const watching = watch(pathOf("cut"), told);
  const from = Date.now() + leadMs;
  await shop.sell("short", { from, to: from + 60_000, items: { cut: 600 } });
  await watching.foretold(from);
  const sold = "600, was 1000, short";
  await watching.shown(sold);
  const cancelled = await between(() => shop.publish("sale.cancelled", "short", {}));
  await watching.shown(regular(1_000));
  await delay(300);
  await watching.ends(
    [
      { shown: regular(1_000), from: 0, to: from },
      { shown: sold, from, to: cancelled.to },
      { shown: regular(1_000), from: cancelled.from, to: forEver },
    ],
    [regular(1_000), sold, regular(1_000)],
  );
});

test("a sale that is replaced has its new moments and price, before it starts and while it runs", async () => {
  await shop.place("moved", 1_000);
  const watching = watch(pathOf("moved"), told);
  const first = Date.now() + leadMs;
  await shop.sell("mover", { from: first, to: first + 60_000, items: { moved: 600 } });
  await watching.foretold(first);
  const from = first + 600;
  await shop.sell("mover", { from, to: from + 60_000, items: { moved: 500 } });
  await watching.foretold(from);
  const [sold, soldAgain] = ["500, was 1000, mover", "400, was 1000, mover"];
  await watching.shown(sold);
  const to = Date.now() + 4_000;
  const replaced = await between(() => shop.sell("mover", { from, to, items: { moved: 400 } }));
  await watching.foretold(to);
  await until(to + 300);
  await watching.ends(
    [
      { shown: regular(1_000), from: 0, to: from },
      { shown: sold, from, to: replaced.to },
      { shown: soldAgain, from: replaced.from, to },
      { shown: regular(1_000), from: to, to: forEver },
    ],
    [regular(1_000), sold, soldAgain, regular(1_000)],
  );
});

test("of overlapping sales the lowest price wins, then the later event; one in another currency never", async () => {
  await shop.place("wanted", 1_000);
  const watching = watch(pathOf("wanted"), told);
  const at = Date.now() + leadMs;
  const [one, two, three, four, five] = [at, at + 600, at + 1_200, at + 1_800, at + 2_400];
  const dollars = { amount: 100, currency: "USD" };
  await shop.sell("foreign", { from: one, to: five, items: { wanted: dollars } });
  await shop.sell("dear", { from: one, to: three, items: { wanted: 700 } });
  await shop.sell("cheap", { from: two, to: five, items: { wanted: 600 } });
  await shop.sell("later", { from: three, to: four, items: { wanted: 600 } });
  await watching.foretold(one);
  await until(five + 300);
  const by = (sale: string, amount: number) => `${amount}, was 1000, ${sale}`;
  const course = [
    regular(1_000),
    by("dear", 700),
    by("cheap", 600),
    by("later", 600),
    by("cheap", 600),
    regular(1_000),
  ];
  const moments = [0, one, two, three, four, five, forEver];
  await watching.ends(
    course.map((shown, turn) => ({ shown, from: moments[turn] ?? 0, to: moments[turn + 1] ?? forEver })),
    course,
  );
});

test("a price that is updated during a sale is the regular one, during it and behind it", async () => {
  await shop.place("repriced", 1_000);
  const watching = watch(pathOf("repriced"), told);
  const from = Date.now() + leadMs;
  const to = from + 4_000;
  await shop.sell("steady", { from, to, items: { repriced: 600 } });
  await watching.foretold(from);
  const course = [regular(1_000), "600, was 1000, steady", "600, was 900, steady", "900, was 950, undefined"];
  await watching.shown(course[1]);
  const updated = await between(() =>
    shop.publish("price.updated", "repriced", { new_price: money(900), list_price: money(950) }),
  );
  await until(to + 300);
  await watching.ends(
    [
      { shown: course[0], from: 0, to: from },
      { shown: course[1], from, to: Math.min(updated.to, to) },
      { shown: course[2], from: updated.from, to },
      { shown: course[3], from: to, to: forEver },
    ],
    course,
  );
});

/** At the start and at the end of one sale. */
async function turns(path: string, shownIn: (body: Body) => unknown, id: string): Promise<void> {
  const watching = watch(path, shownIn);
  const from = Date.now() + leadMs;
  const to = from + 1_000;
  const sold = `600, was 1000, sale-of-${id}`;
  await shop.sell(`sale-of-${id}`, { from, to, items: { [id]: 600 } });
  await until(to + 300);
  await watching.ends(
    [
      { shown: regular(1_000), from: 0, to: from },
      { shown: sold, from, to },
      { shown: regular(1_000), from: to, to: forEver },
    ],
    [regular(1_000), sold, regular(1_000)],
  );
}

test("the page of a variant turns with the prices of the others on it", async () => {
  const group = { group_id: "lamps" };
  await shop.place("red", 800, { ...group, options: { colour: "red" } });
  await shop.place("blue", 1_000, { ...group, options: { colour: "blue" } });
  const blueIn = ({ variants = [] }: Body) => variants.find(({ id }) => id === "blue")?.price;
  await shop.until(pathOf("red"), (body) => expect(blueIn(body)?.amount).toBe(1_000));
  await turns(pathOf("red"), (body) => textOf(blueIn(body)), "blue");
});

test.each([
  ["a price by itself", "alone", "/api/products/alone/price", told],
  ["a batch", "batched", "/api/products?ids=batched", ({ items }: Body) => textOf(items?.[0]?.price)],
])("%s, which no cache holds, turns as well", async (_, id, path, shownIn) => {
  await shop.place(id, 1_000);
  await turns(path, shownIn, id);
});

test("a list turns with its products, and its order by price follows", async () => {
  await shop.publish("category.modified", "deals", { name: "Deals", parent_id: null });
  const listed = { category_ids: ["deals"] };
  await shop.place("best", 1_000, listed);
  await shop.place("good", 900, listed);
  await shop.place("poor", 800, listed);
  const path = "/api/categories/deals/products?sort=price_asc";
  const isInOrder = (...ids: readonly string[]) =>
    shop.until(path, ({ items = [] }) => expect(items.map(({ id }) => id)).toEqual(ids));
  const bestIn = ({ items = [] }: Body) => textOf(items.find(({ id }) => id === "best")?.price);
  await isInOrder("poor", "good", "best");
  const watching = watch(path, bestIn);
  const from = Date.now() + leadMs;
  // Behind what the edge holds of the order, which is 5 s.
  const to = from + 9_000;
  await shop.sell("of-the-day", { from, to, items: { best: 100 } });
  await watching.foretold(from);
  await until(from);
  await isInOrder("best", "poor", "good");
  expect(Date.now()).toBeLessThan(to);
  await until(to);
  await isInOrder("poor", "good", "best");
  const sold = "100, was 1000, of-the-day";
  await watching.ends(
    [
      { shown: regular(1_000), from: 0, to: from },
      { shown: sold, from, to },
      { shown: regular(1_000), from: to, to: forEver },
    ],
    [regular(1_000), sold, regular(1_000)],
  );
});
