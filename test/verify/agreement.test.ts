import fc from "fast-check";
import { expect, test } from "vitest";
import { type Ask, compareAnswers } from "../../ops/verify/compare-answers.ts";
import { compareQuarantine } from "../../ops/verify/compare-quarantine.ts";
import { compareReadModel } from "../../ops/verify/compare-read-model.ts";
import { createPatience } from "../../ops/verify/patience.ts";
import { createTally } from "../../ops/verify/tally.ts";
import { foldLog, untilReached } from "../../ops/verify/verify.ts";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import { allPartitions } from "../../streams/partition.ts";
import { event, noon } from "./random-shop.ts";
import { createWorld, type World } from "./world.ts";

/**
 * Projector and reference agree about any log. Two folds that share no code are wrong in the same way only if
 * the contract was misread twice; whatever else is wrong shows here as a short list of events.
 */

const runs = Number(process.env["AGREEMENT_RUNS"] ?? 60);
const events = fc.array(event, { minLength: 1, maxLength: 60, size: "max" });
const batchMax = fc.constantFrom(1, 2, 7, 4_096);
/** Time goes to looking for a failure and then to making it short; the shortest so far is shown. */
const patient = { numRuns: runs, interruptAfterTimeLimit: 40_000 };

/** `moving`: the clock has just changed amounts, and the listings follow. */
async function differences(world: World, moving = false): Promise<readonly unknown[]> {
  const { catalog, quarantine, readModel, versions, clock } = world;
  const { last } = await catalog.bounds();
  await untilReached(world, last);
  const reference = await foldLog(catalog, last, undefined);
  const tally = createTally();
  const patience = createPatience(async () => moving);
  const comparison = {
    reference,
    readModel,
    versions,
    tally,
    patience,
    partition: undefined,
    now: () => clock.now,
  };
  await compareReadModel(comparison);
  await compareQuarantine(comparison, quarantine);
  const api = world.api();
  const ask: Ask = async (path, headers) => {
    const { statusCode: status, headers: answered, body } = await api.inject({ url: path, headers });
    const version = answered["catalog-version"];
    return {
      status,
      catalogVersion: version === undefined ? undefined : String(version),
      body: JSON.parse(body),
    };
  };
  await compareAnswers(comparison, { stream: catalog.stream, ask, sample: 100 });
  await api.close();
  return tally.shown;
}

test("projector and reference agree about any log, however it is cut into batches", async () => {
  await fc.assert(
    fc.asyncProperty(events, batchMax, async (published, max) => {
      const world = createWorld(createMemoryReadModel(), noon);
      await world.publish(published);
      const projector = world.project({ batchMax: max });
      expect(await differences(world)).toEqual([]);
      await projector.stop();
    }),
    patient,
  );
});

test("and also when the projector dies anywhere, registers are evicted and others take over its partitions", async () => {
  const chapter = fc.record({
    published: fc.array(event, { minLength: 1, maxLength: 25, size: "max" }),
    batchMax,
    split: fc.boolean(),
    dies: fc.boolean(),
    evicted: fc.constantFrom("nothing", "registers", "everything"),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(chapter, { minLength: 1, maxLength: 4 }), async (chapters) => {
      const readModel = createMemoryReadModel();
      const world = createWorld(readModel, noon);
      for (const { published, batchMax: max, split, dies, evicted } of chapters) {
        const halves = split ? [allPartitions.slice(0, 8), allPartitions.slice(8)] : [allPartitions];
        await world.publish(published.slice(0, published.length / 2));
        const projectors = halves.map((owned) => world.project({ owned, batchMax: max }));
        await world.publish(published.slice(published.length / 2));
        if (!dies) await untilReached(world, (await world.catalog.bounds()).last);
        for (const projector of projectors) await projector.stop();
        if (evicted === "registers") readModel.evict(() => true);
        if (evicted === "everything") await readModel.clear();
      }
      const last = world.project();
      expect(await differences(world)).toEqual([]);
      await last.stop();
    }),
    patient,
  );
});

test("and when sales begin and end by the clock alone", async () => {
  await fc.assert(
    fc.asyncProperty(events, fc.integer({ min: 1, max: 400 }), async (published, minutes) => {
      const world = createWorld(createMemoryReadModel(), noon);
      await world.publish(published);
      const projector = world.project();
      expect(await differences(world)).toEqual([]);
      world.clock.now += minutes * 60_000;
      expect(await differences(world, true)).toEqual([]);
      await projector.stop();
    }),
    patient,
  );
});
