import fc from "fast-check";
import { expect, test } from "vitest";
import { changesBetween } from "../../ops/rebuild/changes.ts";
import { compareProducts } from "../../ops/rebuild/compare.ts";
import { createMeter, type RebuildProgress } from "../../ops/rebuild/meter.ts";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import { createCatalogueFold } from "../../projections/rebuild/catalogue-fold.ts";
import type { FoldedProduct } from "../../projections/rebuild/folded-product.ts";
import { versionsOf } from "../../projections/version.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { allPartitions } from "../../streams/partition.ts";
import { listQuarantine } from "../../streams/quarantine.ts";
import { arbitraryHistory, historyStart, type Published } from "../projections/arbitrary-events.ts";
import { projectAll, type World } from "../projections/projecting.ts";
import { readTail } from "../streams/reading.ts";

/** What a rebuild folds in memory is what a projector leaves in the read models. */

async function projected(history: readonly Published[]): Promise<World> {
  let clock = historyStart;
  const log = (stream: string) => createMemoryLog({ stream, now: () => clock, perSubject: 1 });
  const catalog = createMemoryLog({ stream: "CATALOG", now: () => clock, epoch: 1 });
  for (const { subject, payload } of history) {
    clock += 1_000;
    await catalog.append(subject, Buffer.from(payload));
  }
  const stores = {
    derived: log("DERIVED"),
    quarantine: log("QUARANTINE"),
    readModel: createMemoryReadModel(),
  };
  // The clock stands still, so that no sale begins between the projection and the comparison.
  const world = { ...stores, catalog, epoch: 1, now: () => clock };
  await projectAll(world);
  return world;
}

async function foldOf(world: World, partitions: readonly number[]) {
  const fold = createCatalogueFold(new Set(partitions));
  const { last } = await world.catalog.bounds();
  const refused: number[] = [];
  for (const message of await readTail(world.catalog, { from: 1 }, last)) {
    const refusal = fold.take(message);
    if (refusal !== undefined) refused.push(refusal.message.sequence);
  }
  return { fold, refused };
}

test("it differs in no field, in whatever slices it is folded", async () => {
  const slices = fc.constantFrom(1, 3, 16);
  await fc.assert(
    fc.asyncProperty(arbitraryHistory, slices, async (history, size) => {
      const world = await projected(history);
      const { readModel, now } = world;
      const changes: unknown[] = [];
      const refused: number[] = [];
      const products: FoldedProduct[] = [];
      for (let at = 0; at < allPartitions.length; at += size) {
        const folded = await foldOf(world, allPartitions.slice(at, at + size));
        const { fold } = folded;
        refused.push(...folded.refused);
        products.push(...fold.products.values());
        for await (const change of compareProducts({ fold, readModel, versions: versionsOf(1), now })) {
          changes.push(change);
        }
        for (const event of (await readModel.readCategoryEvents()).events) {
          expect(fold.categoryEvents.get(event.sequence)).toEqual(event);
        }
      }
      expect(changes).toEqual([]);
      const reads = await readModel.readRatings(
        products.map(({ id, given }) => ({ id, reviews: [...(given?.keys() ?? [])] })),
      );
      expect(reads.map(({ given }) => given)).toEqual(products.map(({ given }) => given ?? new Map()));
      const parked: number[] = [];
      for await (const { sequence, product } of listQuarantine(world.quarantine)) {
        if (product === undefined) parked.push(sequence);
      }
      expect(refused.sort((a, b) => a - b)).toEqual(parked.sort((a, b) => a - b));
    }),
    { numRuns: 60 },
  );
}, 60_000);

test("changes are told by field, lists whole", () => {
  const standing = { title: "A", tags: ["x"], price: { amount: 1, currency: "GBP" }, gone: 1 };
  const folded = { title: "A", tags: ["x", "y"], price: { amount: 2, currency: "GBP" }, added: null };
  expect(changesBetween("product", standing, folded)).toEqual({
    "product.tags": { old: ["x"], new: ["x", "y"] },
    "product.price.amount": { old: 1, new: 2 },
    "product.gone": { old: 1, new: undefined },
    "product.added": { old: undefined, new: null },
  });
  expect(changesBetween("rating", undefined, { count: 1 })).toEqual({
    rating: { old: undefined, new: { count: 1 } },
  });
  expect(changesBetween("rating", { count: 1 }, { count: 1 })).toEqual({});
});

test("the time that is left is told from the pace so far", () => {
  const told: RebuildProgress[] = [];
  let clock = 0;
  const meter = createMeter({
    messages: 800,
    products: 25,
    clock: () => clock,
    onProgress: (progress) => told.push(progress),
  });
  clock = 100;
  meter.folded(100);
  expect(told.at(-1)).toEqual({ done: 0.1, messages: 100, products: 0, secondsLeft: undefined });
  clock = 10_000;
  meter.folded(400);
  expect(told.at(-1)).toMatchObject({ done: 0.5, secondsLeft: 10 });
  meter.folded(300);
  meter.written(25);
  // What is written twice, or came meanwhile, is no more than the whole.
  meter.written(5);
  expect(told.at(-1)).toEqual({ done: 1, messages: 800, products: 30, secondsLeft: 0 });
});
