import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { ListingPut, ReadModel } from "../../projections/read-model.ts";
import { connectRedis, type RedisConnection } from "../../projections/redis/connection.ts";
import { keys } from "../../projections/redis/keys.ts";
import { createRedisReadModel } from "../../projections/redis/read-model.ts";
import { createReplacing, type Replacing, salesFields } from "../../projections/redis/replacing.ts";
import { versionsOf } from "../../projections/version.ts";
import { noPosition, partitionOfId } from "../projections/read-model-adapters.ts";
import { happened } from "../projections/happened.ts";
import { startServers, type TestServers } from "../servers.ts";
import { id } from "../streams/id.ts";

/** A rebuild replaces what stands at or before the place that it folded; never what is newer, by event or by fold. */

let servers: TestServers;
let redis: RedisConnection;
let model: ReadModel;
let replacing: Replacing;
beforeAll(async () => {
  servers = await startServers("redis");
  redis = await connectRedis({ url: servers.redisUrl, commandTimeoutMs: 5_000 });
  model = createRedisReadModel(redis);
  replacing = createReplacing(redis);
});
afterEach(() => model.clear());
afterAll(async () => {
  redis.disconnect();
  await servers.stop();
});

const [older, own, newer] = [versionsOf(1_000, 4), versionsOf(1_000, 5), versionsOf(1_000, 6)];
const lamp = id("lamp");
const partition = partitionOfId(lamp);
const fence = noPosition(partition);
const [home, attic, pair, twins] = ["home", "attic", "pair", "twins"].map(id);
const stock = (version: ReturnType<typeof own>, quantity: number) => ({
  id: lamp,
  register: "inventory" as const,
  version,
  value: { quantity, sequence: 1, updated_at: 1 },
});
const quantity = async () => (await model.readProducts([lamp]))[0]?.inventory?.value?.quantity;

test.each([
  ["an earlier event", older(5), true],
  ["the same event by an older fold", older(9), true],
  ["the same event by this fold", own(9), true],
  ["a later event that is no good any more, still before the place", older(12), true],
  ["an event behind the place", older(13), false],
  ["what a newer fold made", newer(5), false],
  ["another log", versionsOf(2_000, 1)(1), false],
])("a register: %s", async (_, standing, replaced) => {
  await model.putRegisters([], [stock(standing, 1)]);
  await replacing.evictable(own(12), [stock(own(9), 2)]);
  expect(await quantity()).toBe(replaced ? 2 : 1);
});

test("a register that was evicted stays absent, and one that stays keeps its time to live", async () => {
  await replacing.evictable(own(12), [stock(own(9), 2)]);
  expect(await quantity()).toBeUndefined();
  await model.putRegisters([], [stock(older(9), 1)]);
  await replacing.evictable(own(12), [stock(own(9), 2)]);
  expect(await redis.ttl(keys.registers(lamp))).toBeGreaterThan(0);
});

test("a rating with what its reviews count for, whole or not at all", async () => {
  const [a, b] = [id("a"), id("b")];
  const put = (version: ReturnType<typeof own>, sequence: number) =>
    model.putRatings(fence, [
      {
        id: lamp,
        version,
        rating: { count: 2, sum: 9, sequence },
        given: [{ review: a, version, rating: 5 }],
      },
    ]);
  const rating = { count: 1, sum: 3, sequence: 9 };
  const given = new Map([[b, { rating: 3, sequence: 9 }]]);
  const read = async () => (await model.readRatings([{ id: lamp, reviews: [a, b] }]))[0];

  await put(older(13), 13);
  await replacing.rating(own(12), { id: lamp, rating, given }, own);
  expect(await read()).toMatchObject({
    rating: { sum: 9 },
    given: new Map([[a, { rating: 5, sequence: 13 }]]),
  });
  await replacing.rating(own(13), { id: lamp, rating, given }, own);
  expect(await read()).toEqual({ rating, given });
  await replacing.rating(own(13), { id: lamp, rating: undefined, given: new Map() }, own);
  expect(await redis.exists(keys.ratings(lamp))).toBe(0);
  const many = new Map(Array.from({ length: 5_000 }, (_, at) => [id(`r${at}`), { rating: 3, sequence: 9 }]));
  await replacing.rating(own(13), { id: lamp, rating, given: many }, own);
  expect(await redis.hlen(keys.ratings(lamp))).toBe(5_001);
});

test.each(["evictable", "rating", "sales", "sales that are no more"])(
  "answers that stand ready go with what they were made of, and those of other products stay: %s",
  async (what) => {
    const vase = id("vase");
    for (const product of [lamp, vase]) await redis.set(keys.answer(product), "ready");
    const held = new Map([[lamp, { entries: [], sequence: 9, updated_at: 9 }]]);
    const sales = salesFields(own, [], what === "sales" ? held : []);
    if (what === "evictable") await replacing.evictable(own(12), [stock(own(9), 2)]);
    else if (what === "rating")
      await replacing.rating(own(12), { id: lamp, rating: undefined, given: undefined }, own);
    else {
      for (const [field, text] of salesFields(older, [], held))
        await redis.hset(keys.sales(partition), field, text);
      await replacing.sales(own(12), partition, sales);
    }
    expect(await redis.exists(keys.answer(lamp))).toBe(0);
    expect(await redis.get(keys.answer(vase))).toBe("ready");
  },
);

const row = (
  version: ReturnType<typeof own>,
  more: Partial<NonNullable<ListingPut["membership"]>> = {},
): ListingPut => ({
  id: lamp,
  membership: { version, created: 3, group: pair ?? null, direct: [], shown: [], ...more },
  pricing: { version, made: 9, amount: 500, nextBoundary: 7 },
});
const listed = async (category = home) => (await model.readListing(category ?? lamp, "newest", 0, 9)).ids;
const members = async (group = pair) => (await model.readGroup(group ?? lamp)).ids;

test("a row with its lists, its group and its boundary", async () => {
  await model.putRows(fence, [row(older(9), { shown: [home, attic].flatMap((each) => each ?? []) })]);
  expect([await listed(attic), await members()]).toEqual([[lamp], [lamp]]);
  const rebuilt = row(own(9), {
    created: 4,
    group: twins ?? null,
    shown: [home].flatMap((each) => each ?? []),
  });
  await replacing.rows(own(8), partition, [rebuilt]);
  expect([await listed(attic), await members()]).toEqual([[lamp], [lamp]]);
  await replacing.rows(own(9), partition, [
    { ...rebuilt, pricing: { version: own(9), made: 9, amount: 400, nextBoundary: undefined } },
  ]);
  expect([await listed(attic), await listed(home), await members(), await members(twins)]).toEqual([
    [],
    [lamp],
    [],
    [lamp],
  ]);
  expect((await model.readRows(partition, [lamp]))[0]).toMatchObject({
    created: 4,
    amount: 400,
    priced: own(9),
  });
  expect(await model.readDue(partition, 100, 9)).toEqual([]);
});

test("the parts of a row that are newer stay, and so do their lists", async () => {
  await model.putRows(fence, [row(older(13), { shown: [attic].flatMap((each) => each ?? []) })]);
  await replacing.rows(own(12), partition, [row(own(9), { group: null, shown: [] })]);
  expect([await listed(attic), await members()]).toEqual([[lamp], [lamp]]);
  expect((await model.readRows(partition, [lamp]))[0]).toMatchObject({
    membership: older(13),
    priced: older(13),
  });
});

test("a product of which nothing is left leaves its lists, its group and the listing", async () => {
  await model.putRows(fence, [row(older(9), { shown: [home].flatMap((each) => each ?? []) })]);
  await replacing.rows(own(12), partition, [{ id: lamp }]);
  expect([await listed(), await members(), await model.readDue(partition, 100, 9)]).toEqual([[], [], []]);
  expect(await replacing.rowCount(partition)).toBe(0);
});

test("sales of a partition: what is not given goes, unless it is newer", async () => {
  const sale = (sequence: number) => ({ starts_at: 1, ends_at: 2, items: [], named: [lamp], sequence });
  const held = (sequence: number) => ({ entries: [], sequence, updated_at: 1 });
  for (const [name, sequence] of [
    ["friday", 5],
    ["gone", 6],
    ["late", 13],
  ] as const) {
    await model.putSale(fence, {
      sale: id(name),
      version: older(sequence),
      value: sale(sequence),
      products: [],
    });
  }
  await replacing.sales(own(12), partition, salesFields(own, [[id("friday"), sale(7)]], [[lamp, held(7)]]));
  expect(await model.readSale(partition, id("friday"))).toMatchObject({ sequence: 7 });
  expect(await model.readSale(partition, id("gone"))).toBeUndefined();
  expect(await model.readSale(partition, id("late"))).toMatchObject({ sequence: 13 });
  expect(await model.readSalesOf(partition, [lamp])).toEqual([held(7)]);
});

test("the tree's events: told anew, those that are bad now go, superseded ones do not come back", async () => {
  const event = (sequence: number, name: string) => happened(sequence, "category.modified", "home", { name });
  await model.putCategoryEvents({ partition: 0, position: undefined }, [
    event(4, "Haus"),
    event(5, "Bad"),
    event(13, "Late"),
  ]);
  const events = new Map([event(3, "Hut"), event(4, "House")].map((each) => [each.sequence, each]));
  expect(await replacing.categories(own(12), events)).toBe(true);
  expect(await replacing.categories(own(12), events)).toBe(false);
  const stored = (await model.readCategoryEvents()).events;
  expect(stored.map(({ sequence, data }) => [sequence, data.name])).toEqual([
    [4, "House"],
    [13, "Late"],
  ]);
});
