import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openShop, money, type Read, type Shop, varnishOf } from "./shop.ts";

/** What the next reader behind Varnish gets when something changed. */

const patience = { timeout: 20_000, interval: 10 };
let shop: Shop;

beforeAll(async () => {
  shop = await openShop({ varnish: true });
  await shop.startPurges([varnishOf(shop)]);
  await shop.publish("category.modified", "home", { name: "Home", parent_id: null });
  await shop.publish("category.modified", "lamps", { name: "Lamps", parent_id: "home" });
  await shop.publish("product.modified", "red", {
    title: "Red lamp",
    category_ids: ["lamps"],
    group_id: "lamp",
    options: { colour: "red" },
  });
  await shop.publish("price.updated", "red", { new_price: money(1_000) });
  const last = await shop.publish("inventory.changed", "red", { new_quantity: 5 });
  await vi.waitFor(async () => {
    const { headers } = await shop.get("/api/products/red/price", shop.api);
    expect(Number(headers.get("catalog-version")?.split("/")[1])).toBeGreaterThanOrEqual(last);
    // Purges have been heard of, so that answers are held for as long as the table says.
    const { body } = await shop.get("/readyz", shop.api);
    expect(body).toMatchObject({ edge: { lifetimes: "long" } });
  }, patience);
});
afterAll(() => shop.stop());

const isHit = ({ headers }: Read) => /\bhit\b/.test(headers.get("cache-status")?.split(", ").at(-1) ?? "");

/** Until Varnish answers it by itself, twice the same. */
async function held(path: string): Promise<Read> {
  return vi.waitFor(async () => {
    await shop.get(path);
    const read = await shop.get(path);
    expect([read.status, read.headers.get("cache-status")]).toEqual([200, expect.anything()]);
    expect(isHit(read)).toBe(true);
    return read;
  }, patience);
}

/** The same, kept for longer than what was purged a moment ago is. */
const heldForLong = (path: string) =>
  vi.waitFor(async () => {
    const read = await held(path);
    const [, ttl] = /\bttl=(\d+)/.exec(read.headers.get("cache-status") ?? "") ?? [];
    expect(Number(ttl)).toBeGreaterThan(5);
    return read;
  }, patience);

/** Reads again and again until it is as it should be; returns how long that took, in milliseconds. */
async function until(path: string, looksRight: (body: Record<string, never>) => void): Promise<number> {
  const startedAt = performance.now();
  await vi.waitFor(async () => looksRight((await shop.get(path)).body), { timeout: 20_000, interval: 2 });
  return performance.now() - startedAt;
}

test("a price is what the next reader gets, thirty times, and within a second but for one", async () => {
  const path = "/api/products/red";
  let late = 0;
  for (let amount = 1_001; amount <= 1_030; amount++) {
    await held(path);
    await shop.publish("price.updated", "red", { new_price: money(amount) });
    const ms = await until(path, ({ price }) => expect(price).toMatchObject({ amount }));
    if (ms >= 1_000) late++;
  }
  expect(late).toBeLessThanOrEqual(1);
});

test("a quantity alone purges nothing, and a status that flips does", async () => {
  const path = "/api/products/red";
  const before = await heldForLong(path);
  const quantityAt = async (from: string, quantity: number) =>
    expect((await shop.get(path, from)).body).toMatchObject({ inventory: { quantity } });
  await shop.publish("inventory.changed", "red", { new_quantity: 4 });
  await vi.waitFor(() => quantityAt(shop.api, 4), patience);
  // Behind it comes a change of something else, whose purge shows that the actor has passed the quantity.
  await held("/api/categories/home");
  await shop.publish("category.modified", "home", { name: "Home and garden", parent_id: null });
  await until("/api/categories/home", ({ name }) => expect(name).toBe("Home and garden"));
  const still = await shop.get(path);
  expect(isHit(still)).toBe(true);
  expect(still.headers.get("etag")).toBe(before.headers.get("etag"));
  await shop.publish("inventory.changed", "red", { new_quantity: 0 });
  await until(path, ({ inventory }) => expect(inventory).toMatchObject({ quantity: 0, in_stock: false }));
});

test("while the last units are being sold a quantity alone is at the edge within seconds", async () => {
  const path = "/api/products/red";
  const left = (quantity: number) =>
    until(path, ({ inventory }) => expect(inventory).toMatchObject({ quantity }));
  await shop.publish("inventory.changed", "red", { new_quantity: 40 });
  await left(40);
  await heldForLong(path);
  // What was told to live for half a minute is purged with the first of them; the others live for a second.
  for (const new_quantity of [9, 8, 7]) {
    const sells_out_at = new Date(Date.now() + 20_000).toISOString();
    await shop.publish("inventory.changed", "red", { new_quantity, sells_out_at });
    expect(await left(new_quantity)).toBeLessThan(5_000);
  }
  await shop.publish("inventory.changed", "red", { new_quantity: 0 });
  await left(0);
});

test("details, reviews, a list that a product joins, the page of a variant, and a category's name", async () => {
  const list = "/api/categories/home/products?view=details";
  for (const path of ["/api/products/red?view=details", "/api/products/red/reviews", list, "/api/categories"])
    await held(path);
  await shop.publish("review.posted", "red", { review_id: "r1", rating: 5 });
  await until("/api/products/red/reviews", ({ rating }) => expect(rating).toMatchObject({ count: 1 }));
  await shop.publish("product.modified", "blue", {
    title: "Blue lamp",
    category_ids: ["lamps"],
    group_id: "lamp",
    options: { colour: "blue" },
  });
  await until(list, ({ total }) => expect(total).toBe(2));
  await until("/api/products/red?view=details", ({ variants }) => expect(variants).toHaveLength(2));
  await held("/api/categories/lamps");
  await held("/api/categories");
  await shop.publish("category.modified", "lamps", { name: "All lamps", parent_id: "home" });
  await until("/api/categories/lamps", ({ name }) => expect(name).toBe("All lamps"));
  await until("/api/categories", ({ categories }) =>
    expect(categories).toMatchObject([{ children: [{ name: "All lamps" }] }]),
  );
  await held("/api/categories");
  await shop.publish("category.modified", "garden", { name: "Garden", parent_id: null });
  await until("/api/categories", ({ categories }) => expect(categories).toHaveLength(2));
});

test("while purges work, answers are told long lifetimes, and a node says how purges fare", async () => {
  const lifetime = async () => {
    const { headers } = await shop.get("/api/products/red", shop.api);
    return headers.get("cdn-cache-control");
  };
  expect(await lifetime()).toBe("public, max-age=25, stale-while-revalidate=5");
  // Its lease says it anew every second and a half.
  await vi.waitFor(async () => {
    const { body } = await shop.get("/readyz", shop.api);
    expect(body).toMatchObject({
      edge: { purges: [{ provider: varnishOf(shop).name, state: "up", failed: 0 }] },
    });
  }, patience);
});
