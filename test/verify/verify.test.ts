import fc from "fast-check";
import type { FastifyInstance } from "fastify";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { untilReached, type VerifyReport, verifyCatalogue } from "../../ops/verify/verify.ts";
import { connectRedis, type RedisConnection } from "../../projections/redis/connection.ts";
import type { ReadModel } from "../../projections/read-model.ts";
import { createRedisReadModel } from "../../projections/redis/read-model.ts";
import { tokenOf } from "../../streams/identifier.ts";
import { allPartitions, partitionOf } from "../../streams/partition.ts";
import { startServers, type TestServers } from "../servers.ts";
import { id } from "../streams/id.ts";
import { event, noon, type Published } from "./random-shop.ts";
import { createWorld, type Running, type World } from "./world.ts";

/** Verify finds nothing where nothing is wrong, and each fault that is planted in Redis. */

let servers: TestServers;
let redis: RedisConnection;
let readModel: ReadModel;
let world: World;
let projector: Running;
let api: FastifyInstance;
let address: string;

beforeAll(async () => {
  servers = await startServers("redis");
  redis = await connectRedis({ url: servers.redisUrl, commandTimeoutMs: 5_000 });
  readModel = createRedisReadModel(redis);
});

afterAll(async () => {
  redis.disconnect();
  await servers.stop();
});

const gbp = (amount: number) => ({ amount, currency: "GBP" });
const catalogue: readonly Published[] = [
  ["category.modified.home", { name: "Home" }],
  ["category.modified.light", { name: "Light", parent_id: "home" }],
  [
    "product.modified.lamp",
    { title: "Lamp", category_ids: ["light"], group_id: "lamps", specs: { colour: "red" } },
  ],
  ["product.modified.torch", { title: "Torch", category_ids: ["light"], group_id: "lamps" }],
  ["price.updated.lamp", { new_price: gbp(1999) }],
  ["price.updated.torch", { new_price: gbp(500), list_price: gbp(600) }],
  ["inventory.changed.lamp", { new_quantity: 3 }],
  ["review.posted.lamp", { review_id: "r1", rating: 4, title: "Bright" }],
  ["review.posted.lamp", { review_id: "r2", rating: 5 }],
  ["price.updated.early", { new_price: gbp(1) }],
  ["inventory.changed.lamp", { new_quantity: -1 }],
  [
    "sale.scheduled.friday",
    {
      starts_at: "2026-11-27T00:00:00Z",
      ends_at: "2026-11-28T00:00:00Z",
      items: [
        { product_id: "lamp", sale_price: gbp(1499) },
        { product_id: "torch", sale_price: { amount: 400, currency: "EUR" } },
      ],
    },
  ],
  ["product.modified.vase", { title: "Vase", category_ids: ["home"] }],
  ["price.updated.vase", { new_price: gbp(900) }],
  ["inventory.changed.vase", { new_quantity: 7 }],
].map(([subject, fields]) => ({ subject: `catalog.${subject}`, payload: JSON.stringify(fields) }));

async function begin(events: readonly Published[]): Promise<void> {
  await redis.flushdb();
  world = createWorld(readModel, noon);
  await world.publish(events);
  projector = world.project();
  api = world.api();
  address = await api.listen({ host: "127.0.0.1", port: 0 });
  await untilReached(world, events.length);
}

beforeEach(() => begin(catalogue));

afterEach(async () => {
  await projector.stop();
  await api.close();
});

/** As a reader leaves it: ready in Redis. */
async function untilStored(product: string): Promise<void> {
  const stored = async () => {
    await (await fetch(`${address}/api/products/${product}`)).body?.cancel();
    return redis.exists(`answer:{${product}}`);
  };
  await expect.poll(stored).toBe(1);
}

function verify(
  options: { readonly partition?: number; readonly head?: number } = {},
): Promise<VerifyReport> {
  const { head, ...partition } = options;
  const { catalog, quarantine, readModel, versions, clock } = world;
  const seen =
    head === undefined
      ? catalog
      : { ...catalog, bounds: async () => ({ ...(await catalog.bounds()), last: head }) };
  return verifyCatalogue({
    catalog: seen,
    quarantine,
    readModel,
    redis,
    api: address,
    versions,
    ...partition,
    now: () => clock.now,
  });
}

test("a catalogue that is right has no differences, and every kind of value was checked", async () => {
  await untilStored("vase");
  const report = await verify();
  expect(report.shown).toEqual([]);
  expect(report).toMatchObject({
    head: catalogue.length,
    products: 4,
    badEvents: 1,
    differences: 0,
    skipped: {},
  });
  expect(Object.keys(report.checked).sort()).toEqual([
    "answer",
    "boundary",
    "category",
    "group",
    "inventory",
    "key",
    "list",
    "price",
    "product",
    "quarantine",
    "rating",
    "reviews",
    "row",
    "sales",
    "stored",
  ]);
});

test("partition by partition, the whole catalogue is checked as well", async () => {
  let products = 0;
  for (const partition of allPartitions) {
    const report = await verify({ partition });
    expect(report.shown).toEqual([]);
    products += report.products;
  }
  expect(products).toBe(4);
});

test("what became newer than the folded log is passed over and counted", async () => {
  const report = await verify({ head: 6 });
  expect(report.shown).toEqual([]);
  expect(report.skipped).toMatchObject({ inventory: 1, rating: 1, sales: 2, row: expect.any(Number) });
});

test("evicted registers are no fault: they are answered from the log", async () => {
  await redis.hdel("registers:{lamp}", "price");
  await redis.hdel("registers:{torch}", "product");
  await redis.del(`reviews:lamp:{${partitionOfId("lamp")}}`);
  const report = await verify();
  expect(report.shown).toEqual([]);
  expect(report.absent).toMatchObject({ price: 1, reviews: 4, product: 2 });
});

const partitionOfId = (product: string) => partitionOf(tokenOf(id(product)));

/** Writes a value of the lamp in place of another under the same version. */
async function rewrite(register: string, from: string, to: string): Promise<void> {
  const standing = (await redis.hget("registers:{lamp}", register)) ?? "";
  await redis.hset("registers:{lamp}", register, standing.replace(from, to));
}

const faults: Readonly<Record<string, { plant: () => Promise<unknown>; found: object }>> = {
  "a changed price": {
    plant: () => rewrite("price", "1999", "1998"),
    found: { kind: "price", id: "lamp", what: "amount", expected: 1999, found: 1998 },
  },
  "a price that is said not to be": {
    plant: async () => {
      const standing = (await redis.hget("registers:{lamp}", "price")) ?? "";
      await redis.hset("registers:{lamp}", "price", `${standing.slice(0, 30)} null`);
    },
    found: { kind: "price", id: "lamp" },
  },
  "an older document": {
    plant: () => rewrite("product", '"red"', '"blue"'),
    found: { kind: "product", id: "lamp", what: "specs.colour", expected: "red", found: "blue" },
  },
  "a lost review": {
    plant: () => redis.hdel(`ratings:lamp:{${partitionOfId("lamp")}}`, "review:r1"),
    found: { kind: "rating", id: "lamp review r1" },
  },
  "a lost listing row": {
    plant: () => redis.hdel(`listing:{${partitionOfId("lamp")}}`, "lamp"),
    found: { kind: "row", id: "lamp" },
  },
  "a product lost from a category's list": {
    plant: () => redis.zrem(`category:home:newest:{${partitionOfId("lamp")}}`, "lamp"),
    found: { kind: "list", id: "home by newest" },
  },
  "a list out of order": {
    plant: () => redis.zadd(`category:home:price:{${partitionOfId("lamp")}}`, 1, "lamp"),
    found: { kind: "list", id: "home by price_asc" },
  },
  "a sale that is forgotten": {
    plant: () => redis.hdel(`sales:{${partitionOfId("lamp")}}`, "product:lamp"),
    found: { kind: "sales", id: "lamp", found: null },
  },
  "a boundary that nobody waits for": {
    plant: () => redis.zrem(`boundaries:{${partitionOfId("lamp")}}`, "lamp"),
    found: { kind: "boundary", what: "lamp", found: "missing" },
  },
  "a lost variant": {
    plant: () => redis.srem(`group:lamps:{${partitionOfId("torch")}}`, "torch"),
    found: { kind: "group", id: "lamps", what: "torch", found: "missing" },
  },
  "a lost category": {
    plant: () => redis.hdel("categories", "2"),
    found: { kind: "category", id: "light" },
  },
  "a product that nobody published": {
    plant: () => redis.copy("registers:{lamp}", "registers:{ghost}"),
    found: { kind: "key", id: "registers:{ghost}", what: "ghost" },
  },
  "a list of a category that nobody named": {
    plant: () => redis.zadd("category:attic:newest:{3}", 1, "lamp"),
    found: { kind: "key", id: "category:attic:newest:{3}" },
  },
  "an answer that stands ready and is of before": {
    async plant() {
      await untilStored("vase");
      const stored = (await redis.get("answer:{vase}")) ?? "";
      await redis.set("answer:{vase}", stored.replace('"quantity":7', '"quantity":8'));
    },
    found: { kind: "stored", id: "vase", what: "inventory.quantity", expected: 7, found: 8 },
  },
  "an answer about a product that nobody published": {
    async plant() {
      await untilStored("vase");
      await redis.rename("answer:{vase}", "answer:{ghost}");
    },
    found: { kind: "key", id: "answer:{ghost}", what: "ghost" },
  },
  "a key of an unknown kind": {
    plant: () => redis.set("left:behind", "1"),
    found: { kind: "key", id: "left:behind" },
  },
};

test.each(Object.entries(faults))("%s is found", async (_, { plant, found }) => {
  await plant();
  const report = await verify();
  expect(report.differences).toBeGreaterThan(0);
  expect(report.shown).toContainEqual(expect.objectContaining(found));
});

test("a bad event that is not in the quarantine is found, and a good one that is", async () => {
  const { catalog, quarantine } = world;
  const missed = { ...world, quarantine: createWorld(world.readModel, noon).quarantine };
  world = missed;
  expect((await verify()).shown).toContainEqual(expect.objectContaining({ kind: "quarantine", id: "11" }));
  world = { ...missed, quarantine };
  const good = await catalog.next(">", 5);
  await quarantine.append("quarantine.catalog.5", good?.payload ?? Buffer.alloc(0), {
    headers: { "Shelfwire-Log": "catalog", "Shelfwire-Sequence": "5", "Shelfwire-Reason": "none" },
  });
  expect((await verify()).shown).toEqual([
    expect.objectContaining({ kind: "quarantine", id: "5", expected: "good" }),
  ]);
});

test.each([1, 2, 3])("Redis, the API and the reference agree about a random log (seed %i)", async (seed) => {
  await projector.stop();
  await api.close();
  await begin(fc.sample(event, { seed, numRuns: 200 }));
  expect((await verify()).shown).toEqual([]);
});
