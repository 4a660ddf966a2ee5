import { beforeEach, expect, test } from "vitest";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import type { ReadModel } from "../../projections/read-model.ts";
import { sequenceOf } from "../../projections/version.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { id } from "../streams/id.ts";
import { cutting, projectAll, type World } from "./projecting.ts";

/** How far the positions move at once, and what is written at the same time. */

const start = Date.parse("2026-11-27T00:00:00Z");
let world: World;
let readModel: ReadModel;
beforeEach(() => {
  readModel = createMemoryReadModel();
  world = {
    catalog: createMemoryLog({ stream: "CATALOG", now: () => start, epoch: start }),
    derived: createMemoryLog({ stream: "DERIVED", now: () => start, perSubject: 1 }),
    quarantine: createMemoryLog({ stream: "QUARANTINE", now: () => start, perSubject: 1 }),
    readModel,
    epoch: start,
    // Stands still: with each of its seconds the positions are moved.
    now: () => start,
  };
});

async function publish(name: string, payload: object): Promise<void> {
  await world.catalog.append(`catalog.${name}`, Buffer.from(JSON.stringify(payload)));
}

const price = (amount: number) => ({ new_price: { amount, currency: "GBP" } });

/** Where the positions went, each place once, by batches of one event. The first one is followed by a projector's first look at the log. */
async function placesOfEach(): Promise<readonly number[]> {
  const places = new Set<number>();
  const watched: ReadModel = {
    ...readModel,
    async advance(log, moves) {
      const stuck = await readModel.advance(log, moves);
      for (const { to } of moves) places.add(sequenceOf(to));
      return stuck;
    },
  };
  await projectAll({ ...world, readModel: watched, catalog: cutting(world.catalog, [1]) });
  return [...places].filter((place) => place > 0);
}

test("while more follows, the positions move behind eight batches, and behind the last one", async () => {
  for (let amount = 1; amount <= 19; amount++) await publish("price.updated.lamp", price(amount));
  expect(await placesOfEach()).toEqual([1, 9, 17, 19]);
});

test("a sale, and what is bad, are written when all before them is, and nothing beside them", async () => {
  for (let amount = 1; amount <= 3; amount++) await publish("price.updated.lamp", price(amount));
  await publish("sale.scheduled.friday", {
    starts_at: "2026-11-26T00:00:00Z",
    ends_at: "2026-11-28T00:00:00Z",
    items: [{ product_id: "lamp", sale_price: { amount: 1, currency: "GBP" } }],
  });
  for (let amount = 5; amount <= 7; amount++) await publish("price.updated.lamp", price(amount));
  await publish("price.updated.lamp", { new_price: "much" });
  await publish("price.updated.lamp", price(9));
  expect(await placesOfEach()).toEqual([1, 3, 4, 7, 8, 9]);
});

test("two batches are written at the same time, and no more", async () => {
  for (let amount = 1; amount <= 12; amount++) await publish("price.updated.lamp", price(amount));
  let underWay = 0;
  let most = 0;
  const slow: ReadModel = {
    ...readModel,
    async putRegisters(fences, puts) {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setTimeout(resolve, 2));
      await readModel.putRegisters(fences, puts);
      underWay--;
    },
  };
  await projectAll({ ...world, readModel: slow, catalog: cutting(world.catalog, [1]) });
  expect(most).toBe(2);
  expect((await readModel.readProducts([id("lamp")]))[0]?.price?.value?.amount).toBe(12);
});

test("a batch that fails keeps the positions of its stride where they were", async () => {
  for (let amount = 1; amount <= 6; amount++) await publish("price.updated.lamp", price(amount));
  let writes = 0;
  const failing: ReadModel = {
    ...readModel,
    async putRegisters(fences, puts) {
      if (++writes === 3) throw new Error("the store is full");
      await readModel.putRegisters(fences, puts);
    },
  };
  const projected = projectAll({ ...world, readModel: failing, catalog: cutting(world.catalog, [1]) });
  await expect(projected).rejects.toThrow("the store is full");
  const positions = await readModel.positions("catalog", [0]);
  // The first look at the log moved them behind the first batch.
  expect([...positions.values()].map(({ version }) => sequenceOf(version))).toEqual([1]);
});

test("reviews of two batches are both counted, however long the first one takes", async () => {
  for (const review_id of ["r1", "r2", "r3"]) {
    await publish("review.posted.lamp", { review_id, rating: 4, body: "As described." });
  }
  const slow: ReadModel = {
    ...readModel,
    async putRatings(fence, puts) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      await readModel.putRatings(fence, puts);
    },
  };
  await projectAll({ ...world, readModel: slow, catalog: cutting(world.catalog, [1]) });
  expect((await readModel.readRatings([{ id: id("lamp"), reviews: [] }]))[0]?.rating?.count).toBe(3);
});

test("no review is counted upon a batch that failed", async () => {
  for (const review_id of ["r1", "r2", "r3"]) {
    await publish("review.posted.lamp", { review_id, rating: 4, body: "As described." });
  }
  let writes = 0;
  const failing: ReadModel = {
    ...readModel,
    async putRatings(fence, puts) {
      const isSecond = ++writes === 2;
      await new Promise((resolve) => setTimeout(resolve, 2));
      if (isSecond) throw new Error("it did not answer");
      await readModel.putRatings(fence, puts);
    },
  };
  const catalog = cutting(world.catalog, [1]);
  await expect(projectAll({ ...world, readModel: failing, catalog })).rejects.toThrow("it did not answer");
  await projectAll({ ...world, catalog });
  expect((await readModel.readRatings([{ id: id("lamp"), reviews: [] }]))[0]?.rating?.count).toBe(3);
});
