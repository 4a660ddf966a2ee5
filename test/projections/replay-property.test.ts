import fc from "fast-check";
import { expect, test } from "vitest";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import type { ReadModel } from "../../projections/read-model.ts";
import { versionsOf } from "../../projections/version.ts";
import { listQuarantine } from "../../streams/quarantine.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { allPartitions } from "../../streams/partition.ts";
import { arbitraryHistory, historyStart, names, type Published } from "./arbitrary-events.ts";
import { dump, withoutAbsent } from "./dump.ts";
import {
  Crash,
  crashing,
  cutting,
  dawdling,
  fastClock,
  forgetting,
  projectAll,
  type World,
} from "./projecting.ts";

/**
 * Idempotence as a property: whatever happened, however it was cut into batches, wherever the projector died
 * and from wherever it read again, the read models end the same.
 */

const epoch = historyStart - 1_000;

/** A log that holds the history, at whose end the projection's clock begins. */
async function worldOf(history: readonly Published[]): Promise<World> {
  let clock = historyStart;
  const catalog = createMemoryLog({ stream: "CATALOG", now: () => clock, epoch });
  for (const { subject, payload } of history) {
    clock += 1_000;
    await catalog.append(subject, Buffer.from(payload));
  }
  return { ...emptyStores(), catalog, epoch, now: fastClock(clock) };
}

function emptyStores(): Pick<World, "derived" | "quarantine" | "readModel"> {
  return {
    derived: createMemoryLog({ stream: "DERIVED", now: () => 0, perSubject: 1 }),
    quarantine: createMemoryLog({ stream: "QUARANTINE", now: () => 0, perSubject: 1 }),
    readModel: createMemoryReadModel(),
  };
}

/** What the log alone says: one projector, one batch. */
async function inOneGo(world: World): Promise<unknown> {
  const fresh = { ...world, ...emptyStores() };
  await projectAll(fresh);
  return dump(fresh.readModel, names);
}

/** What is bad by itself; whether a sale's currency was foreign depends on the price at the time. */
async function parked(world: World): Promise<readonly number[]> {
  const sequences: number[] = [];
  for await (const { sequence, product } of listQuarantine(world.quarantine)) {
    if (product === undefined) sequences.push(sequence);
  }
  return sequences.sort((a, b) => a - b);
}

const batches = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 8 });
const runs = { numRuns: 150 };

test("every cut into batches gives the same", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryHistory, batches, async (history, sizes) => {
      const world = await worldOf(history);
      await projectAll({ ...world, catalog: cutting(world.catalog, sizes) });
      expect(await dump(world.readModel, names)).toEqual(await inOneGo(world));
    }),
    runs,
  );
});

/** The projector dies before each of these writes in turn, and is started anew each time. */
async function expectToSurvive(
  history: readonly Published[],
  sizes: readonly number[],
  deaths: readonly number[],
): Promise<void> {
  const world = await worldOf(history);
  const catalog = cutting(world.catalog, sizes);
  for (const writes of deaths) {
    const dying = { ...world, catalog, readModel: crashing(world.readModel, writes) };
    await projectAll(dying).catch((error) => {
      if (!(error instanceof Crash)) throw error;
    });
  }
  await projectAll({ ...world, catalog });
  expect(await dump(world.readModel, names), `died before ${deaths}`).toEqual(await inOneGo(world));
}

test("killed at any write, and again, and started anew each time: the same", async () => {
  const deaths = fc.array(fc.nat(25), { minLength: 1, maxLength: 5 });
  await fc.assert(fc.asyncProperty(arbitraryHistory, batches, deaths, expectToSurvive), runs);
});

test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])(
  "a sale drops a product, and the projector dies before write %d",
  async (death) => {
    const gbp = (amount: number) => ({ amount, currency: "GBP" });
    const sale = (items: readonly object[]) => ({
      starts_at: "2026-11-26T00:00:00Z",
      ends_at: "2026-11-28T00:00:00Z",
      items,
    });
    const history = [
      ["catalog.price.updated.lamp", { new_price: gbp(90) }],
      ["catalog.sale.scheduled.friday", sale([{ product_id: "lamp", sale_price: gbp(50) }])],
      ["catalog.sale.scheduled.friday", sale([])],
    ] as const;
    await expectToSurvive(
      history.map(([subject, payload]) => ({ subject, payload: JSON.stringify(payload) })),
      [1],
      [death],
    );
  },
);

test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])(
  "a product is put into a group and taken out, and the projector dies before write %d",
  async (death) => {
    const documents = [
      { title: "Before" },
      { title: "Before" },
      { title: "In", group_id: "family" },
      { title: "Out" },
    ];
    const history = documents.map((document) => ({
      subject: "catalog.product.modified.lamp",
      payload: JSON.stringify(document),
    }));
    // The third event is alone in its batch; after the death in it, it is in one with the fourth.
    await expectToSurvive(history, [2, 1], [death]);
  },
);

/** As after an older copy of the positions: what they cover is there, they do not know it. */
async function standBack(readModel: ReadModel, sequences: readonly number[]): Promise<void> {
  const versions = versionsOf(epoch);
  const positions = await readModel.positions("catalog", allPartitions);
  const moves = allPartitions.map((partition) => ({
    partition,
    from: positions.get(partition)?.version,
    to: versions(sequences[partition % sequences.length] ?? 0),
    headAt: 0,
  }));
  await readModel.advance("catalog", moves);
}

test("any suffix again, of each partition its own, changes nothing", async () => {
  await fc.assert(
    fc.asyncProperty(
      arbitraryHistory,
      batches,
      fc.array(fc.nat(40), { minLength: 1, maxLength: 16 }),
      async (history, sizes, places) => {
        const world = await worldOf(history);
        const catalog = cutting(world.catalog, sizes);
        await projectAll({ ...world, catalog });
        const before = await dump(world.readModel, names);
        await standBack(
          world.readModel,
          places.map((place) => Math.min(place, history.length)),
        );
        await projectAll({ ...world, catalog });
        expect(await dump(world.readModel, names)).toEqual(before);
      },
    ),
    runs,
  );
});

test("two owners with half of the partitions each, one after the other: the same as one", async () => {
  await fc.assert(
    fc.asyncProperty(
      arbitraryHistory,
      batches,
      fc.integer({ min: 0, max: 2 ** 16 - 1 }),
      async (history, sizes, half) => {
        const world = await worldOf(history);
        const mine = new Set(allPartitions.filter((partition) => half & (1 << partition)));
        const theirs = new Set(allPartitions.filter((partition) => !mine.has(partition)));
        for (const owned of [mine, theirs]) {
          if (owned.size === 0) continue;
          const catalog = cutting(world.catalog, owned === mine ? sizes : [1]);
          await projectAll({ ...world, catalog }, owned);
        }
        expect(await dump(world.readModel, names)).toEqual(await inOneGo(world));
      },
    ),
    runs,
  );
});

test("emptied at any write, while the projector lives: the same", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryHistory, batches, fc.nat(20), async (history, sizes, calls) => {
      const world = await worldOf(history);
      const catalog = cutting(world.catalog, sizes);
      await projectAll({ ...world, catalog, readModel: forgetting(world.readModel, calls) });
      const [found, wanted] = [await dump(world.readModel, names), await inOneGo(world)];
      expect(found).toEqual(withoutAbsent(wanted, found));
    }),
    // Each run that loses the very last write waits for the projector's next look at its positions.
    { numRuns: 120, endOnFailure: true },
  );
});

test("what is bad by itself is in the quarantine once, however often it was met", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryHistory, batches, async (history, sizes) => {
      const world = await worldOf(history);
      await projectAll(world);
      const once = await parked(world);
      await standBack(world.readModel, [0]);
      await projectAll({ ...world, catalog: cutting(world.catalog, sizes) });
      expect(await parked(world)).toEqual(once);
    }),
    { numRuns: 50 },
  );
});

test("batches that are written at the same time, at any pace: the same", async () => {
  const paces = fc.array(fc.nat(6), { minLength: 1, maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(arbitraryHistory, batches, paces, async (history, sizes, turns) => {
      const world = await worldOf(history);
      const readModel = dawdling(world.readModel, turns);
      await projectAll({ ...world, readModel, catalog: cutting(world.catalog, sizes) });
      expect(await dump(world.readModel, names)).toEqual(await inOneGo(world));
    }),
    runs,
  );
});
