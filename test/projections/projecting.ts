import { createCatalogProjection } from "../../projections/catalog/projection.ts";
import { createProjector, type Projector } from "../../projections/projector.ts";
import type { ReadModel } from "../../projections/read-model.ts";
import { versionsOf } from "../../projections/version.ts";
import type { Journal } from "../../streams/journal.ts";
import type { Log } from "../../streams/log.ts";
import { allPartitions } from "../../streams/partition.ts";

/** Where a projector reads and writes. */
export interface World {
  readonly catalog: Log;
  readonly derived: Log;
  readonly quarantine: Log;
  readonly readModel: ReadModel;
  readonly epoch: number;
  readonly now: () => number;
}

export const silent: Journal = { debug() {}, info() {}, warn() {}, error() {} };

const everything: ReadonlySet<number> = new Set(allPartitions);

export function projectorOf(world: World, owned: ReadonlySet<number> = everything): Projector {
  const { catalog, derived, readModel, epoch, now } = world;
  const versions = versionsOf(epoch);
  return createProjector({
    name: "catalog",
    log: catalog,
    quarantine: world.quarantine,
    readModel,
    projection: createCatalogProjection({ catalog, derived, readModel, versions, now, journal: silent }),
    versions,
    epoch,
    owned: () => owned,
    now,
    journal: silent,
  });
}

/** Whether the read models stand at the end of the log. */
export async function isCaughtUp({ catalog, readModel, epoch }: World, owned = everything): Promise<boolean> {
  const { last } = await catalog.bounds();
  const positions = await readModel.positions("catalog", [...owned]);
  const end = versionsOf(epoch)(last);
  return [...owned].every((partition) => (positions.get(partition)?.version ?? "") >= end);
}

/** Runs a projector until the read models stand at the end of the log; throws what the projector throws. */
export async function projectAll(world: World, owned = everything): Promise<void> {
  const { readModel } = world;
  while (!(await isCaughtUp(world, owned))) {
    const stop = new AbortController();
    const watched: ReadModel = {
      ...readModel,
      async advance(log, moves) {
        const stuck = await readModel.advance(log, moves);
        if (await isCaughtUp(world, owned)) stop.abort();
        return stuck;
      },
    };
    await projectorOf({ ...world, catalog: impatient(world.catalog), readModel: watched }, owned).run(
      stop.signal,
    );
  }
}

/** The log, at whose end no projector waits: what the test wants to see is there from the start. */
function impatient(log: Log): Log {
  return {
    ...log,
    tail(options) {
      const tail = log.tail(options);
      if (options.subject !== undefined) return tail;
      return { ...tail, take: (max) => tail.take(max, 1) };
    },
  };
}

/** A clock that starts at a moment and runs fast, so that a projector's second is over in no time. */
export function fastClock(from: number): () => number {
  const startedAt = performance.now();
  return () => from + Math.floor(50 * (performance.now() - startedAt));
}

/** So much behind a batch that a projector joins it with the next one. */
const farMore = 1_000_000;

/**
 * The log, its tails giving batches of these sizes in turn. Two of three that are not the last say that far more follows, and
 * are joined with the one behind them.
 */
export function cutting(log: Log, sizes: readonly number[]): Log {
  return {
    ...log,
    tail(options) {
      const tail = log.tail(options);
      let taken = 0;
      return {
        ...tail,
        async take(max, waitMs) {
          const turn = taken++;
          const batch = await tail.take(Math.min(max, sizes[turn % sizes.length] ?? max), waitMs);
          return batch.pending > 0 && turn % 3 !== 2 ? { ...batch, pending: farMore } : batch;
        },
      };
    },
  };
}

/** The end of a process: what was under way before it has happened, what comes after it has not. */
export class Crash extends Error {
  override readonly name = "Crash";
}

/** A read model whose process dies in the middle: before its write number `count`. */
export function crashing(readModel: ReadModel, count: number): ReadModel {
  let writes = 0;
  return aroundWrites(readModel, async (write) => {
    if (writes++ >= count) throw new Crash("the process died");
    return write();
  });
}

/** A read model whose server loses everything, once, after write number `count` of those that follow a position. */
export function forgetting(readModel: ReadModel, count: number): ReadModel {
  let writes = 0;
  return aroundWrites(readModel, async (write) => {
    const result = await write();
    const { size } = await readModel.positions("catalog", allPartitions);
    if (size > 0 && writes++ === count) await readModel.clear();
    return result;
  });
}

/**
 * A read model whose server comes back once as an older copy of itself: after write number `count`, or the
 * next one after which the copy's position is the older one.
 */
export function restoring(readModel: ReadModel, copy: ReadModel, count: number): ReadModel {
  let current = readModel;
  let writes = 0;
  const server = new Proxy(readModel, {
    get:
      (_, name) =>
      (...args: unknown[]) =>
        Reflect.apply(Reflect.get(current, name), current, args),
  });
  return aroundWrites(server, async (write) => {
    const result = await write();
    if (current === readModel && writes++ >= count) {
      const [living, copied] = await Promise.all(
        [readModel, copy].map((one) => one.positions("catalog", [0])),
      );
      if ((copied?.get(0)?.version ?? "") < (living?.get(0)?.version ?? "")) current = copy;
    }
    return result;
  });
}

function aroundWrites(
  readModel: ReadModel,
  around: <Result>(write: () => Promise<Result>) => Promise<Result>,
): ReadModel {
  return {
    ...readModel,
    advance: (log, moves) => around(() => readModel.advance(log, moves)),
    putRegisters: (fences, puts) => around(() => readModel.putRegisters(fences, puts)),
    putReviews: (fence, puts) => around(() => readModel.putReviews(fence, puts)),
    putRatings: (fence, puts) => around(() => readModel.putRatings(fence, puts)),
    putSale: (fence, put) => around(() => readModel.putSale(fence, put)),
    putCategoryEvents: (fence, events) => around(() => readModel.putCategoryEvents(fence, events)),
    putRows: (fence, puts) => around(() => readModel.putRows(fence, puts)),
  };
}
