import fc from "fast-check";
import { expect, test } from "vitest";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import type { ReadModel } from "../../projections/read-model.ts";
import { revisionOf, versionsOf, waiting, withRevision } from "../../projections/version.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { allPartitions } from "../../streams/partition.ts";
import { arbitraryHistory, historyStart, names, type Published } from "./arbitrary-events.ts";
import { dump } from "./dump.ts";
import { cutting, isCaughtUp, projectorOf, type World } from "./projecting.ts";

/**
 * A rebuild moves positions to where they are, at another revision, and so refuses what a projector has under
 * way. The projector goes on: with the same tail, from what stands, to the same read models.
 */

/** Moves all positions before each of these writes, counted from the first. */
function moving(readModel: ReadModel, at: ReadonlySet<number>): ReadModel {
  let writes = 0;
  const around = async <Result>(write: () => Promise<Result>): Promise<Result> => {
    if (at.has(writes++)) {
      const moves = [...(await readModel.positions("catalog", allPartitions))].map(
        ([partition, { version, headAt }]) => {
          const revision = revisionOf(version) === waiting[0] ? waiting[1] : waiting[0];
          return { partition, from: version, to: withRevision(version, revision), headAt };
        },
      );
      await readModel.advance("catalog", moves);
    }
    return write();
  };
  return {
    ...readModel,
    advance: (log, moves) => around(() => readModel.advance(log, moves)),
    putReviews: (fence, puts) => around(() => readModel.putReviews(fence, puts)),
    putRatings: (fence, puts) => around(() => readModel.putRatings(fence, puts)),
    putSale: (fence, put) => around(() => readModel.putSale(fence, put)),
    putRows: (fence, puts) => around(() => readModel.putRows(fence, puts)),
    putCategoryEvents: (fence, events) => around(() => readModel.putCategoryEvents(fence, events)),
  };
}

async function worldOf(history: readonly Published[]): Promise<World> {
  let clock = historyStart;
  const log = (stream: string) => createMemoryLog({ stream, now: () => 0, perSubject: 1 });
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
  return { ...stores, catalog, epoch: 1, now: () => clock };
}

/** Runs one projector to the end of the log; returns how many tails it opened. */
async function projectOnce(world: World): Promise<number> {
  const stop = new AbortController();
  let tails = 0;
  const catalog = {
    ...world.catalog,
    tail(options: Parameters<World["catalog"]["tail"]>[0]) {
      if (options.subject === undefined) tails++;
      const tail = world.catalog.tail(options);
      return { ...tail, take: (max: number) => tail.take(max, 1) };
    },
  };
  const readModel: ReadModel = {
    ...world.readModel,
    async advance(log, moves) {
      const stuck = await world.readModel.advance(log, moves);
      if (await reachedEnd(world)) stop.abort();
      return stuck;
    },
  };
  await projectorOf({ ...world, catalog, readModel }).run(stop.signal);
  return tails;
}

/** At the end of the log, at whichever revision. */
async function reachedEnd(world: World): Promise<boolean> {
  const own = revisionOf(versionsOf(1)(0));
  const raised: ReadModel = {
    ...world.readModel,
    async positions(log, partitions) {
      const found = await world.readModel.positions(log, partitions);
      return new Map(
        [...found].map(([partition, one]) => [
          partition,
          { ...one, version: withRevision(one.version, own) },
        ]),
      );
    },
  };
  return isCaughtUp({ ...world, readModel: raised });
}

const batches = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 8 });
const moments = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 8 });

test("barriers anywhere lead to the same read models, with one tail, and positions stay below", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryHistory, batches, moments, async (history, sizes, at) => {
      const plain = await worldOf(history);
      await projectOnce(plain);
      const world = await worldOf(history);
      const disturbed = {
        ...world,
        catalog: cutting(world.catalog, sizes),
        // The first write claims positions, before which there is none to move.
        readModel: moving(world.readModel, new Set(at.map((each) => each + 1))),
      };
      expect(await projectOnce(disturbed)).toBe(1);
      expect(await dump(world.readModel, names)).toEqual(await dump(plain.readModel, names));
      const positions = [...(await world.readModel.positions("catalog", allPartitions)).values()];
      const revisions = new Set(positions.map(({ version }) => revisionOf(version)));
      for (const revision of revisions)
        expect([...waiting, revisionOf(versionsOf(1)(0))]).toContain(revision);
    }),
    { numRuns: 60 },
  );
});
