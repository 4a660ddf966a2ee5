import fc from "fast-check";
import { expect, test } from "vitest";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { arbitraryHistory, historyStart, names, type Published } from "./arbitrary-events.ts";
import { dump, withoutAbsent } from "./dump.ts";
import { Crash, crashing, cutting, fastClock, projectAll, restoring, type World } from "./projecting.ts";

async function worldOf(events: readonly Published[], now: () => number): Promise<World> {
  let clock = historyStart;
  const catalog = createMemoryLog({ stream: "CATALOG", now: () => clock });
  for (const { subject, payload } of events) {
    clock += 1_000;
    await catalog.append(subject, Buffer.from(payload));
  }
  return { ...emptyStores(), catalog, epoch: 0, now };
}

function emptyStores(): Pick<World, "derived" | "quarantine" | "readModel"> {
  return {
    derived: createMemoryLog({ stream: "DERIVED", now: () => 0, perSubject: 1 }),
    quarantine: createMemoryLog({ stream: "QUARANTINE", now: () => 0, perSubject: 1 }),
    readModel: createMemoryReadModel(),
  };
}

/**
 * The store comes back as it was a while ago, while the derived stream, which lives beside the log, is as new
 * as ever: what a copy holds already must not keep it from being brought up to date.
 */
async function expectHealed(
  history: readonly Published[],
  age: number,
  sizes: readonly number[],
): Promise<void> {
  const now = fastClock(historyStart + history.length * 1_000);
  const young = await worldOf(history, now);
  await projectAll(young);
  const old = await worldOf(history.slice(0, Math.max(1, history.length - age)), now);
  await projectAll(old);
  const catalog = cutting(young.catalog, sizes);
  await projectAll({ ...young, catalog, readModel: old.readModel });
  const [found, wanted] = [await dump(old.readModel, names), await dump(young.readModel, names)];
  expect(found).toEqual(withoutAbsent(wanted, found));
}

test("a review that came after the copy is among the newest reviews", async () => {
  const review = (review_id: string): Published => ({
    subject: "catalog.review.posted.lamp",
    payload: JSON.stringify({ review_id, rating: 5 }),
  });
  await expectHealed([review("r1"), review("r2")], 1, [1]);
});

const batches = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 8 });

test("any history, from a copy of any age", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryHistory, fc.integer({ min: 1, max: 40 }), batches, expectHealed),
    { numRuns: 100, endOnFailure: true },
  );
});

test("any history, when the copy comes back while the projector lives", async () => {
  await fc.assert(
    fc.asyncProperty(
      arbitraryHistory,
      batches,
      fc.nat(40),
      fc.nat(40),
      async (history, sizes, copied, later) => {
        const calm = await worldOf(history, fastClock(historyStart + history.length * 1_000));
        await projectAll(calm);
        const catalog = cutting(calm.catalog, sizes);
        const old: World = { ...calm, ...emptyStores(), catalog };
        await projectAll({ ...old, readModel: crashing(old.readModel, copied) }).catch((error) => {
          if (!(error instanceof Crash)) throw error;
        });
        const world: World = { ...calm, ...emptyStores(), catalog };
        const readModel = restoring(world.readModel, old.readModel, copied + later);
        await projectAll({ ...world, readModel });
        const [found, wanted] = [await dump(readModel, names), await dump(calm.readModel, names)];
        expect(found).toEqual(withoutAbsent(wanted, found));
      },
    ),
    { numRuns: 400, endOnFailure: true },
  );
});
