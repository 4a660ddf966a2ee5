import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listQuarantine } from "../../streams/quarantine.ts";
import { type Running, startRunning } from "./running.ts";

/** Bad events, an emptied Redis, and servers that die: what a reader sees meanwhile and afterwards. */

let shop: Running;
beforeAll(async () => {
  shop = await startRunning();
});
afterAll(() => shop.stop());

const gbp = (amount: number) => ({ amount, currency: "GBP" });

async function reasons(): Promise<ReadonlyMap<number, string>> {
  const found = new Map<number, string>();
  for await (const { log, sequence, reason } of listQuarantine(shop.catalogue.quarantine)) {
    if (log === "catalog") found.set(sequence, reason);
  }
  return found;
}

describe("a product with good values and then only bad events", () => {
  const bad: readonly [
    kind: "price.updated" | "inventory.changed" | "product.modified",
    payload: object | string,
    reason: RegExp,
  ][] = [
    ["price.updated", "not json", /not JSON/],
    ["price.updated", {}, /new_price: is required/],
    [
      "price.updated",
      { new_price: { amount: -1, currency: "GBP" } },
      /new_price\.amount: must be a whole number/,
    ],
    [
      "price.updated",
      { new_price: { amount: 1.5, currency: "GBP" } },
      /new_price\.amount: must be a whole number/,
    ],
    ["price.updated", { new_price: { amount: 1, currency: "ZZZ" } }, /"ZZZ" is not an ISO 4217 currency/],
    [
      "price.updated",
      { new_price: gbp(1), occurred_at: "yesterday" },
      /occurred_at: must be an RFC 3339 time/,
    ],
    ["inventory.changed", { new_quantity: -1 }, /new_quantity: must be a whole number, 0 or more/],
    ["inventory.changed", { new_quantity: 1, reason: "theft" }, /reason/],
    ["inventory.changed", `{"new_quantity":1,"note":"${"x".repeat(300_000)}"}`, /at most 262144 are allowed/],
    ["product.modified", { description: "no title" }, /title: is required/],
    ["product.modified", { title: "x", status: "sold" }, /status/],
    ["product.modified", [], /must be of type object/],
  ];
  const sequences: number[] = [];

  beforeAll(async () => {
    await shop.publish("product.modified", "solid", { title: "Solid" });
    await shop.publish("price.updated", "solid", { new_price: gbp(1_234) });
    await shop.publish("inventory.changed", "solid", { new_quantity: 7 });
    for (const [kind, payload] of bad) sequences.push(await shop.publish(kind, "solid", payload));
    const after = await shop.publish("product.modified", "behind", { title: "Behind the bad ones" });
    expect((await shop.get("/api/products/behind", { after })).status).toBe(200);
  });

  async function expectGood(): Promise<void> {
    const product = await shop.get("/api/products/solid");
    expect(product.body).toMatchObject({
      title: "Solid",
      price: { amount: 1_234 },
      inventory: { quantity: 7 },
    });
    const price = await shop.get("/api/products/solid/price?consistency=strong");
    expect(price.body).toMatchObject({ price: { amount: 1_234 } });
    const stock = await shop.get("/api/products/solid/inventory?consistency=strong");
    expect(stock.body).toMatchObject({ inventory: { quantity: 7 } });
  }

  test("has each in quarantine with its reason", async () => {
    await expect.poll(async () => (await reasons()).size).toBe(bad.length);
    const found = await reasons();
    for (const [at, [, , reason]] of bad.entries()) expect(found.get(sequences[at] ?? 0)).toMatch(reason);
  });

  test("keeps its last good values", expectGood);

  test("keeps them when single keys are evicted", async () => {
    await shop.catalogue.redis.del("registers:{solid}");
    await expectGood();
  });

  test("keeps them when Redis was emptied, while it heals and afterwards", async () => {
    await shop.catalogue.redis.flushall();
    await expectGood();
    // No gateway holds prices: this one is read where it says.
    await expect
      .poll(async () => (await shop.get("/api/products/solid/price")).headers.get("cache-status"), {
        timeout: 10_000,
      })
      .toBe("shelfwire; hit; detail=redis");
    await expectGood();
    expect((await reasons()).size).toBe(bad.length);
  });

  test("keeps them without any projector", async () => {
    await shop.stopProjectors();
    await shop.catalogue.redis.flushall();
    await expectGood();
    shop.startProjectors();
  });
});

test("a category cycle is quarantined and the tree stays", async () => {
  await shop.publish("category.modified", "upper", { name: "Upper" });
  await shop.publish("category.modified", "lower", { name: "Lower", parent_id: "upper" });
  const sequence = await shop.publish("category.modified", "upper", { name: "Bent", parent_id: "lower" });
  await expect.poll(async () => (await reasons()).get(sequence)).toMatch(/cannot be its own ancestor/);
  await expect
    .poll(async () => (await shop.get("/api/categories/upper")).body)
    .toMatchObject({ name: "Upper", parent_id: null });
});

test("a sale in another currency is ignored for the product and reported", async () => {
  await shop.publish("product.modified", "pounds", { title: "In pounds" });
  await shop.publish("price.updated", "pounds", { new_price: gbp(500) });
  const sequence = await shop.publish("sale.scheduled", "euros", {
    starts_at: "2020-01-01T00:00:00Z",
    ends_at: "2999-01-01T00:00:00Z",
    items: [{ product_id: "pounds", sale_price: { amount: 100, currency: "EUR" } }],
  });
  await expect.poll(async () => (await reasons()).get(sequence)).toMatch(/is in EUR/);
  const { body } = await shop.get("/api/products/pounds/price", { after: sequence });
  expect(body).toMatchObject({ price: { amount: 500, sale: null } });
});

test("listings are marked while they are made again, and whole afterwards", async () => {
  await shop.publish("category.modified", "marked", { name: "Marked" });
  const after = await shop.publish("product.modified", "in-marked", {
    title: "In marked",
    category_ids: ["marked"],
  });
  await shop.get("/api/products/in-marked", { after });
  await expect.poll(async () => (await shop.get("/api/categories/marked/products")).body.total).toBe(1);
  await shop.stopProjectors();
  await shop.catalogue.redis.flushall();
  // A page that no gateway holds.
  const during = await shop.get("/api/categories/marked/products?page_size=7");
  expect(during.status).toBe(200);
  expect(during.body).toMatchObject({ degraded: true });
  expect(during.headers.get("cache-control")).toBe("no-store");
  shop.startProjectors();
  await expect
    .poll(async () => (await shop.get("/api/categories/marked/products")).body, { timeout: 10_000 })
    .toMatchObject({
      total: 1,
      items: [{ id: "in-marked" }],
    });
  await expect
    .poll(async () => (await shop.get("/api/categories/marked/products")).body.degraded)
    .toBe(undefined);
});

test("reads go on while redis-server is killed and comes back", async () => {
  await shop.publish("product.modified", "steady", { title: "Steady" });
  const after = await shop.publish("price.updated", "steady", { new_price: gbp(42) });
  await shop.get("/api/products/steady", { after });
  process.kill(shop.pids().redis ?? 0, "SIGKILL");
  for (let read = 0; read < 200; read++) {
    const { status, body } = await shop.get("/api/products/steady");
    expect([status, (body.price as { amount: number }).amount]).toEqual([200, 42]);
  }
  const then = await shop.publish("price.updated", "steady", { new_price: gbp(43) });
  expect((await shop.get("/api/products/steady/price", { after: then })).body).toMatchObject({
    price: { amount: 43 },
  });
});

test("reads go on while nats-server is killed and comes back", async () => {
  await shop.publish("product.modified", "calm", { title: "Calm" });
  const after = await shop.publish("price.updated", "calm", { new_price: gbp(11) });
  await expect
    .poll(async () => (await shop.get("/api/products/calm/price", { after })).headers.get("cache-status"), {
      timeout: 20_000,
    })
    .toBe("shelfwire; hit; detail=redis");
  process.kill(shop.pids().nats ?? 0, "SIGKILL");
  for (let read = 0; read < 200; read++) expect((await shop.get("/api/products/calm")).status).toBe(200);
  const then = await shop.publish("price.updated", "calm", { new_price: gbp(12) });
  await expect
    .poll(async () => (await shop.get("/api/products/calm/price")).body, { timeout: 30_000 })
    .toMatchObject({ price: { amount: 12, version: then } });
});
