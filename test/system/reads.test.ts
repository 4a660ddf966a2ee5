import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Running, startRunning } from "./running.ts";

/** What a reader gets, from the first event to the answer, on real servers. */

let shop: Running;
beforeAll(async () => {
  shop = await startRunning();
});
afterAll(() => shop.stop());

const gbp = (amount: number) => ({ amount, currency: "GBP" });
const product = (title: string, more: object = {}) => ({ title, ...more });

/** A request whose path goes out exactly as written, which `fetch` would mend. */
function rawGet(
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(shop.url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, headers }, (response) => {
      let body = "";
      response.on("data", (part) => {
        body += part;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

test("a product is assembled from its events, and its version is the newest of them", async () => {
  await shop.publish("price.updated", "lamp", { new_price: gbp(4_999), list_price: gbp(5_999) });
  expect((await shop.get("/api/products/lamp")).status).toBe(404);
  await shop.publish(
    "product.modified",
    "lamp",
    product("Table lamp", { brand: "Ashcombe", category_ids: ["light"] }),
  );
  await shop.publish("review.posted", "lamp", { review_id: "r1", rating: 5 });
  const after = await shop.publish("inventory.changed", "lamp", { new_quantity: 3, reason: "restock" });
  const { status, body, headers } = await shop.get("/api/products/lamp", { after });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    id: "lamp",
    title: "Table lamp",
    brand: "Ashcombe",
    status: "active",
    category_ids: ["light"],
    price: { amount: 4_999, currency: "GBP", display: "£49.99", list_amount: 5_999, sale: null },
    inventory: { quantity: 3, in_stock: true, version: after },
    rating: { average: 5, count: 1 },
    version: after,
  });
  expect(headers.get("cache-control")).toBe("public, max-age=5");
  expect(headers.get("cdn-cache-control")).toBe("public, max-age=25, stale-while-revalidate=5");
  expect(headers.get("cache-status")).toBe("shelfwire; hit; detail=redis");
  expect(headers.get("catalog-version")).toMatch(/^CATALOG\/\d+$/);
});

test("view=details leaves price and stock out", async () => {
  const after = await shop.publish("product.modified", "plain", product("Plain"));
  const { body, headers } = await shop.get("/api/products/plain?view=details", { after });
  expect(body).not.toHaveProperty("price");
  expect(body).not.toHaveProperty("inventory");
  expect(headers.get("cache-control")).toBe("public, max-age=60, stale-while-revalidate=30");
});

test("what was never published is null, and a rating without reviews counts none", async () => {
  const after = await shop.publish("product.modified", "bare", product("Bare"));
  const { body } = await shop.get("/api/products/bare", { after });
  expect(body).toMatchObject({ price: null, inventory: null, rating: { average: null, count: 0 } });
});

test("an answer is validated by its bytes: 304 until they change, HEAD without a body", async () => {
  await shop.publish("product.modified", "etag", product("Etag"));
  const after = await shop.publish("price.updated", "etag", { new_price: gbp(100) });
  const first = await shop.get("/api/products/etag", { after });
  const etag = first.headers.get("etag") ?? "";
  expect(etag).toMatch(/^"[\w-]+"$/);
  const again = await shop.get("/api/products/etag", { headers: { "if-none-match": `"other", W/${etag}` } });
  expect(again.status).toBe(304);
  expect(again.text).toBe("");
  const head = await fetch(`${shop.url}/api/products/etag`, { method: "HEAD" });
  expect(head.status).toBe(200);
  expect(head.headers.get("etag")).toBe(etag);
  const changed = await shop.publish("price.updated", "etag", { new_price: gbp(101) });
  const then = await shop.get("/api/products/etag", { after: changed, headers: { "if-none-match": etag } });
  expect(then.status).toBe(200);
});

test("a batch keeps the order asked, splits before decoding, and names what is missing", async () => {
  await shop.publish("product.modified", "a,b", product("Comma"));
  const after = await shop.publish("product.modified", "BANK CHARGES", product("Bank charges"));
  const { body } = await shop.get("/api/products?ids=BANK%20CHARGES,a%2Cb,nobody,BANK+CHARGES", { after });
  const { items, missing } = body as { items: { id: string }[]; missing: string[] };
  expect(items.map(({ id }) => id)).toEqual(["BANK CHARGES", "a,b", "BANK CHARGES"]);
  expect(missing).toEqual(["nobody"]);
});

test("more than 100 products, none, or a bad one are a 400 that says so", async () => {
  const many = Array.from({ length: 101 }, (_, at) => `p${at}`).join(",");
  for (const query of [`?ids=${many}`, "?ids=", "", "?ids=%ff", "?ids=a,%00"]) {
    const { status, body, headers } = await shop.get(`/api/products${query}`);
    expect([query, status]).toEqual([query, 400]);
    expect(headers.get("content-type")).toContain("application/problem+json");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(body).toHaveProperty("errors");
  }
});

test("hostile identifiers never reach a subject, a key or another product", async () => {
  await shop.publish("product.modified", "victim", product("Victim"));
  const refused = [
    "%00",
    "%0d%0aX",
    "%7f",
    "%C2%85",
    "a".repeat(129),
    "cafe%CC%81",
    ".".concat("%2e"),
    "%ff",
  ];
  for (const id of refused) {
    const { status } = await rawGet(`/api/products/${id}`);
    expect([id, status]).toEqual([id, 400]);
  }
  for (const id of [
    "*",
    "%3E",
    "%3e",
    "catalog.%3E",
    "%24JS",
    "__proto__",
    "constructor",
    "%7Bvictim%7D",
    "..%2Fvictim",
  ]) {
    const { status } = await rawGet(`/api/products/${id}`);
    expect([id, status]).toEqual([id, 404]);
  }
});

test("identifiers of any text are read under their percent-encoding", async () => {
  for (const id of ["röd-stol", "a/b", "100% wool", "抹茶.bowl", "x:{y}", "__proto__x", "*", "a+b"]) {
    const after = await shop.publish("product.modified", id, product(`Title of ${id}`));
    const { status, body } = await shop.get(`/api/products/${encodeURIComponent(id)}`, { after });
    expect([id, status, body.id]).toEqual([id, 200, id]);
  }
});

test("bad parameters name the field and what is allowed", async () => {
  const bad = [
    "/api/products/lamp?view=all",
    "/api/products/lamp/price?consistency=weak",
    "/api/categories/light/products?page_size=101",
    "/api/categories/light/products?sort=best",
    "/api/categories/light/products?page=0",
  ];
  await shop.publish("category.modified", "light", { name: "Lighting" });
  for (const path of bad) {
    const { status, body } = await shop.get(path);
    expect([path, status]).toEqual([path, 400]);
    expect((body.errors as object[]).length).toBe(1);
  }
});

test("a reader gets what the version asks for, and a position beyond the log is refused", async () => {
  await shop.publish("product.modified", "mine", product("Mine"));
  for (let turn = 0; turn < 20; turn++) {
    const after = await shop.publish("price.updated", "mine", { new_price: gbp(1_000 + turn) });
    const { body } = await shop.get("/api/products/mine/price", { after });
    expect(body).toMatchObject({ price: { amount: 1_000 + turn, version: after } });
  }
  expect((await shop.get("/api/products/mine", { after: 1_000_000 })).status).toBe(400);
  expect(
    (await shop.get("/api/products/mine", { headers: { "catalog-min-version": "OTHER/1" } })).status,
  ).toBe(400);
});

test("a sale makes the price from its start to its end, and its cancelling takes effect at once", async () => {
  await shop.publish("product.modified", "deal", product("Deal"));
  await shop.publish("price.updated", "deal", { new_price: gbp(2_000) });
  const sale = { starts_at: "2020-01-01T00:00:00Z", ends_at: "2999-01-01T00:00:00Z" };
  const begun = await shop.publish("sale.scheduled", "spring", {
    ...sale,
    items: [{ product_id: "deal", sale_price: gbp(1_500) }],
  });
  const during = await shop.get("/api/products/deal/price", { after: begun });
  expect(during.body).toMatchObject({
    price: {
      amount: 1_500,
      list_amount: 2_000,
      sale: { id: "spring", ends_at: "2999-01-01T00:00:00.000Z" },
      version: begun,
    },
  });
  const strong = await shop.get("/api/products/deal/price?consistency=strong");
  expect(strong.body).toEqual(during.body);
  const ended = await shop.publish("sale.cancelled", "spring", {});
  const outside = await shop.get("/api/products/deal/price", { after: ended });
  expect(outside.body).toMatchObject({ price: { amount: 2_000, list_amount: null, sale: null } });
});

test("a strong read knows of a sale that no projector has seen", async () => {
  await shop.publish("product.modified", "unseen", product("Unseen"));
  await shop.publish("price.updated", "unseen", { new_price: gbp(900) });
  await shop.stopProjectors();
  await shop.publish("sale.scheduled", "unseen-sale", {
    starts_at: "2020-01-01T00:00:00Z",
    ends_at: "2999-01-01T00:00:00Z",
    items: [{ product_id: "unseen", sale_price: gbp(800) }],
  });
  const { body } = await shop.get("/api/products/unseen/price?consistency=strong");
  expect(body).toMatchObject({ price: { amount: 800, sale: { id: "unseen-sale" } } });
  shop.startProjectors();
});

test("a category shows its own products and those below it, newest first and by price", async () => {
  await shop.publish("category.modified", "garden", { name: "Garden" });
  await shop.publish("category.modified", "pots", { name: "Pots", parent_id: "garden" });
  for (const [at, amount] of [300, 100, 200].entries()) {
    await shop.publish("product.modified", `pot-${at}`, product(`Pot ${at}`, { category_ids: ["pots"] }));
    await shop.publish("price.updated", `pot-${at}`, { new_price: gbp(amount) });
  }
  await shop.publish(
    "product.modified",
    "gone",
    product("Gone", { category_ids: ["pots"], status: "discontinued" }),
  );
  const after = await shop.publish(
    "product.modified",
    "pot-free",
    product("No price", { category_ids: ["garden"] }),
  );
  await shop.get("/api/products/pot-free", { after });
  const ids = async (query: string) => {
    const { body } = await shop.get(`/api/categories/garden/products${query}`);
    return [(body.items as { id: string }[]).map(({ id }) => id), body.total];
  };
  await expect.poll(() => ids("")).toEqual([["pot-free", "pot-2", "pot-1", "pot-0"], 4]);
  expect(await ids("?sort=price_asc")).toEqual([["pot-1", "pot-2", "pot-0", "pot-free"], 4]);
  expect(await ids("?sort=price_desc&page_size=2")).toEqual([["pot-0", "pot-2"], 4]);
  expect(await ids("?sort=price_desc&page_size=2&page=2")).toEqual([["pot-1", "pot-free"], 4]);
  const { body } = await shop.get("/api/categories/pots");
  expect(body).toMatchObject({ id: "pots", path: [{ id: "garden" }, { id: "pots" }], children: [] });
  expect((await shop.get("/api/categories/nowhere")).status).toBe(404);
});

test("variants are the group, without those that are discontinued", async () => {
  const shirt = (size: string, more: object = {}) =>
    product(`Shirt ${size}`, { group_id: "shirt", options: { size }, ...more });
  await shop.publish("product.modified", "shirt-s", shirt("S"));
  await shop.publish("product.modified", "shirt-m", shirt("M"));
  const after = await shop.publish("product.modified", "shirt-l", shirt("L", { status: "discontinued" }));
  await shop.get("/api/products/shirt-l", { after });
  const { body } = await shop.get("/api/products/shirt-s");
  expect(
    (body.variants as { id: string; options: object }[]).map(({ id, options }) => [id, options]),
  ).toEqual([
    ["shirt-m", { size: "M" }],
    ["shirt-s", { size: "S" }],
  ]);
  expect((await shop.get("/api/products/shirt-l")).body).toMatchObject({ status: "discontinued" });
});

test("nothing else is there", async () => {
  for (const path of ["/api", "/api/nothing", "/api/products/lamp/nothing", "/images/lamp/ffff.svg"]) {
    const { status, headers } = await shop.get(path);
    expect([path, status, headers.get("cache-control")]).toEqual([path, 404, "no-store"]);
  }
  expect((await shop.get("/healthz")).status).toBe(200);
  expect((await shop.get("/readyz")).body).toMatchObject({ status: "ready", lag: { events: 0 } });
});
