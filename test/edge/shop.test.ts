import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { imageHash } from "../../api/image.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { EventKind } from "../../streams/subjects.ts";
import { type Running, startRunning } from "../system/running.ts";
import { startTestEdge, type TestEdge } from "./edges.ts";

/** The contract's matrix through the edge, with the real API behind it: kept, confirmed, purged on change, never stored. */

let shop: Running;
let edge: TestEdge;
beforeAll(async () => {
  shop = await startRunning();
  await shop.publish("category.modified", "home", { name: "Home" });
  await shop.publish("category.modified", "light", { name: "Lighting", parent_id: "home" });
  const after = await publishLamp("Lamp");
  await shop.publish("price.updated", "lamp", gbp(2_000));
  await shop.get("/api/products/lamp", { after });
  edge = await startTestEdge([shop.url]);
});
afterAll(async () => {
  await edge.stop();
  await shop.stop();
});

const gbp = (amount: number) => ({ new_price: { amount, currency: "GBP" } });
const publishLamp = (title: string) =>
  shop.publish("product.modified", "lamp", { title, category_ids: ["light"] });
const image = `/images/lamp/${imageHash("lamp" as Identifier)}.svg`;

let count = 0;
const changes = {
  price: ["price.updated", "lamp", () => gbp(2_000 + ++count)],
  details: ["product.modified", "lamp", () => ({ title: `Lamp ${++count}`, category_ids: ["light"] })],
  review: ["review.posted", "lamp", () => ({ review_id: `r${++count}`, rating: 1 + (count % 5) })],
  name: ["category.modified", "light", () => ({ name: `Lighting ${++count}`, parent_id: "home" })],
} as const satisfies Record<string, readonly [EventKind, string, () => object]>;

interface Row {
  readonly content: string;
  readonly path: string;
  /** What browsers are told. */
  readonly browser: string;
  /** The edge's lifetime in seconds. */
  readonly lifetime: number;
  readonly change: keyof typeof changes;
  readonly tag: string;
}

const minute = "public, max-age=60, stale-while-revalidate=30";
const rows: readonly Row[] = [
  {
    content: "a product",
    path: "/api/products/lamp",
    browser: "public, max-age=5",
    lifetime: 25,
    change: "price",
    tag: "product-lamp",
  },
  {
    content: "product details",
    path: "/api/products/lamp?view=details",
    browser: minute,
    lifetime: 60,
    change: "details",
    tag: "product-lamp",
  },
  {
    content: "a category page with prices",
    path: "/api/categories/home/products",
    browser: "public, max-age=5",
    lifetime: 5,
    change: "price",
    tag: "product-lamp",
  },
  {
    content: "a category page",
    path: "/api/categories/home/products?view=details",
    browser: minute,
    lifetime: 60,
    change: "details",
    tag: "category-home",
  },
  {
    content: "a category",
    path: "/api/categories/light",
    browser: minute,
    lifetime: 60,
    change: "name",
    tag: "category-light",
  },
  {
    content: "the category tree",
    path: "/api/categories",
    browser: minute,
    lifetime: 60,
    change: "name",
    tag: "category-home",
  },
  {
    content: "reviews",
    path: "/api/products/lamp/reviews",
    browser: minute,
    lifetime: 60,
    change: "review",
    tag: "product-lamp",
  },
];

const ttlOf = (member: string) => Number(/; ttl=(-?\d+)/.exec(member)?.[1] ?? Number.NaN);

/** Before any purge: what was purged a moment ago is kept for a quarter of a second. */
describe.each(rows)("$content", ({ path, browser, lifetime }) => {
  test("is kept for its lifetime at the CDN, and a browser's own begins with each answer", async () => {
    const first = await edge.ask(path);
    const second = await edge.ask(path);
    expect(second.text).toBe(first.text);
    expect(second.edge).toMatch(/^edge; hit; ttl=\d+$/);
    expect(ttlOf(second.edge)).toBeLessThanOrEqual(lifetime);
    expect(ttlOf(second.edge)).toBeGreaterThan(lifetime - 4);
    const { headers } = second;
    expect(headers["cache-status"]).toMatch(/^shelfwire; hit; detail=\w+, edge; hit/);
    expect([headers["cache-control"], headers["age"]]).toEqual([browser, "0"]);
    expect(headers["catalog-version"]).toMatch(/^CATALOG\/\d+$/);
  });

  test.each(["gzip", "identity"])("is confirmed by its validator (%s)", async (coding) => {
    const plain = { "accept-encoding": coding };
    const { etag = "" } = (await edge.ask(path, { headers: plain })).headers;
    expect(etag).toMatch(/^"[^"]+"$/);
    for (const tags of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const known = await edge.ask(path, { headers: { ...plain, "if-none-match": tags } });
      expect([known.status, known.text, known.headers.etag]).toEqual([304, "", etag]);
      expect(known.headers["cache-control"]).toBe(browser);
    }
    const other = await edge.ask(path, { headers: { ...plain, "if-none-match": '"other"' } });
    expect(other.status).toBe(200);
  });
});

test("an image is kept for its seven days, and compressed for who reads it so", async () => {
  const plain = await edge.ask(image);
  const packed = await edge.ask(image, { headers: { "accept-encoding": "gzip" } });
  expect([plain.headers["cache-control"], ttlOf(packed.edge)]).toEqual([
    "public, max-age=604800",
    expect.closeTo(604_800, -2),
  ]);
  expect([plain.headers["content-encoding"], packed.headers["content-encoding"]]).toEqual([
    undefined,
    "gzip",
  ]);
  // Strong validators name bytes, and these are two.
  expect(plain.headers.etag).not.toBe(packed.headers.etag);
  expect(packed.text.length).toBeLessThan(plain.text.length);
});

describe.each(rows)("$content", ({ path, change, tag }) => {
  test("is purged on change: the next reader sees what is new", async () => {
    const before = await edge.ask(path);
    const [kind, id, payload] = changes[change];
    const after = await shop.publish(kind, id, payload());
    const { text } = await shop.get(path, { after });
    expect(text).not.toBe(before.text);
    expect(await edge.purge(tag)).toBeGreaterThan(0);
    const now = await edge.ask(path);
    expect([now.text, now.status]).toEqual([text, 200]);
    const known = await edge.ask(path, { headers: { "if-none-match": before.headers.etag ?? "" } });
    expect([known.status, known.text]).toEqual([200, text]);
  });
});

describe("never stored", () => {
  test.each([
    "/api/products/lamp/price",
    "/api/products/lamp/inventory",
    "/api/products/lamp/price?consistency=strong",
    "/api/products?ids=lamp,nothing",
  ])("%s", async (path) => {
    const direct = await shop.get(path);
    for (let time = 0; time < 3; time++) {
      const { status, headers, edge: member, text } = await edge.ask(path);
      expect([status, text]).toEqual([200, direct.text]);
      expect(member).toMatch(/^edge; fwd=(bypass|request); fwd-status=200$/);
      expect(headers["cache-control"]).toBe("no-cache, no-store, must-revalidate");
    }
  });

  test.each([
    ["an unknown product", "/api/products/nobody", 404],
    ["a bad parameter", "/api/products/lamp?view=evil", 400],
    ["a bad page", "/api/categories/home/products?page=0", 400],
    ["no such place", "/api/nothing", 404],
  ])("%s", async (_, path, status) => {
    for (let time = 0; time < 3; time++) {
      const answer = await edge.ask(path);
      expect([answer.status, answer.headers["cache-control"]]).toEqual([status, "no-store"]);
      expect(answer.headers["content-type"]).toBe("application/problem+json");
      expect(answer.edge).toBe(`edge; fwd=uri-miss; fwd-status=${status}`);
    }
  });

  test("a product is there for the first who asks after it came to be", async () => {
    expect((await edge.ask("/api/products/newborn")).status).toBe(404);
    const after = await shop.publish("product.modified", "newborn", { title: "Newborn" });
    await shop.get("/api/products/newborn", { after });
    expect((await edge.ask("/api/products/newborn")).status).toBe(200);
  });

  test.each([
    "/api/me",
    "/api/me.css",
    "/api/me/cart",
    "/api/me/cart;x.js",
    "/api/me/cart/x.png",
    "/api/me/cart%2fx.png",
    "/api/me%2fcart.css",
    "/api/me/..%2fproducts%2flamp",
    "/api/products/lamp/../../me/cart",
    "/api/products/..%2fme%2fcart",
    "/api/checkout/quotes.js",
    "//api/me/cart",
    "/images/..%2f..%2fapi%2fme%2fcart.svg",
    "/static/..%2fapi/me/cart",
  ])("%s, with a token and without: no extension and no encoding makes it anybody's", async (path) => {
    const signedIn = await edge.ask(path, { headers: { authorization: "Bearer of.some.body" } });
    expect(signedIn.status).toBeGreaterThanOrEqual(400);
    expect(signedIn.edge).toMatch(/^edge; fwd=bypass/);
    for (let time = 0; time < 2; time++) {
      const { status, edge: member } = await edge.ask(path);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(member).not.toMatch(/hit|stored/);
    }
  });
});

test("a purge that is lost costs no more than the lifetime: a page with prices, 5 s", async () => {
  const path = "/api/categories/light/products";
  await edge.ask(path);
  const after = await shop.publish("price.updated", "lamp", gbp(3_333));
  const { text } = await shop.get(path, { after });
  // And the age that the answer had when it left, and a request or two.
  await expect.poll(async () => (await edge.ask(path)).text, { timeout: 8_000, interval: 100 }).toBe(text);
});

test("a reader who names a version gets it, whatever the edge keeps", async () => {
  await edge.ask("/api/products/lamp");
  const after = await shop.publish("price.updated", "lamp", gbp(7));
  const { text, edge: member } = await edge.ask("/api/products/lamp", {
    headers: { "catalog-min-version": `CATALOG/${after}` },
  });
  expect(JSON.parse(text)).toMatchObject({ price: { amount: 7, version: after } });
  expect(member).toBe("edge; fwd=request; fwd-status=200");
});

test("a sale begins for everybody at its moment, without a purge", async () => {
  await shop.publish("product.modified", "sofa", { title: "Sofa" });
  await shop.publish("price.updated", "sofa", gbp(90_000));
  const startsAt = Date.now() + 2_500;
  const after = await shop.publish("sale.scheduled", "night", {
    starts_at: new Date(startsAt).toISOString(),
    ends_at: new Date(startsAt + 60_000).toISOString(),
    items: [{ product_id: "sofa", sale_price: { amount: 45_000, currency: "GBP" } }],
  });
  const path = "/api/products/sofa";
  await shop.get(path, { after });
  const told: { readonly askedAt: number; readonly amount: number; readonly edge: string }[] = [];
  const reader = async () => {
    while (Date.now() < startsAt + 500) {
      const askedAt = Date.now();
      const { text, edge: member } = await edge.ask(path);
      const { price } = JSON.parse(text) as { price: { amount: number } };
      told.push({ askedAt, amount: price.amount, edge: member });
    }
  };
  await Promise.all(Array.from({ length: 10 }, reader));
  const late = told.filter(({ askedAt }) => askedAt > startsAt + 50);
  expect(late.filter(({ amount }) => amount !== 45_000)).toEqual([]);
  expect(told.filter(({ askedAt, amount }) => askedAt < startsAt - 500 && amount !== 90_000)).toEqual([]);
  // Nothing but the first answer behind the boundary came from the API.
  expect(
    late.filter(({ edge: member }) => /fwd=(bypass|miss)|fwd=uri-miss; fwd-status=200; stored/.test(member))
      .length,
  ).toBeLessThan(3);
  expect((await edge.ask(path)).edge).toMatch(/^edge; hit; ttl=2\d$/);
});
