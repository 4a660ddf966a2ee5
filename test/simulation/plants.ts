import type { Projection, Write } from "../../projections/projection.ts";
import type { ReadModel } from "../../projections/read-model.ts";
import { inLife, lifeOf, type Versions } from "../../projections/version.ts";
import type { Log } from "../../streams/log.ts";
import type { SimulatedStream } from "./log-server.ts";

/**
 * Bugs planted on purpose, to know that the simulation would find them. Each stands between the product and a
 * port, and takes away one thing that the design relies on.
 */
export interface Plant {
  /** The epoch that versions carry. */
  readonly epoch?: (epoch: number) => number;
  /** What a process writes through, made anew for each life. */
  readonly projector?: (given: { readonly readModel: ReadModel; readonly versions: Versions }) => {
    readonly readModel: ReadModel;
    readonly around: (projection: Projection) => Projection;
  };
  /** What Redis does with a write. */
  readonly store?: (model: ReadModel) => ReadModel;
  readonly owned?: (owned: () => ReadonlySet<number>) => () => ReadonlySet<number>;
  readonly quarantine?: (quarantine: Log, catalog: SimulatedStream) => Log;
}

export const plants: Readonly<Record<string, Plant>> = {
  /** The position says that a batch is there before it is: who dies in between loses it. */
  "position-before-data": { projector: positionFirst },

  /** Versions are sequences alone: what an earlier log left behind, or writes late, is newer than what is true. */
  "guard-without-epoch": { epoch: () => 0 },

  /** Newest reviews that are absent count as none, so the next review makes a list of itself alone. */
  "delta-on-missing-key": {
    projector: ({ readModel, versions }) => ({
      readModel: overriding(readModel, {
        readReviews: async (ids) => {
          const nothing = { version: versions(0), value: { newest: [], sequence: 0 } };
          return (await readModel.readReviews(ids)).map((found) => found ?? nothing);
        },
      }),
      around: (projection) => projection,
    }),
  },

  /** Who once held a partition's lease goes on for ever. */
  "lease-without-check": {
    owned: (owned) => {
      const ever = new Set<number>();
      return () => {
        for (const partition of owned()) ever.add(partition);
        return ever;
      };
    },
  },

  /** What is made from more than one event is stored wherever the partition stands, and so is a position. */
  "write-without-fence": { store: unfenced },

  /** What was bad is taken out of the log once its copy is in quarantine. */
  "quarantine-that-deletes": {
    quarantine: (quarantine, catalog) => ({
      ...quarantine,
      async append(subject, payload, options) {
        const appended = await quarantine.append(subject, payload, options);
        catalog.remove(Number(subject.split(".")[2]));
        return appended;
      },
    }),
  },
};

function overriding(model: ReadModel, methods: Partial<ReadModel>): ReadModel {
  return new Proxy(model, {
    get: (target, name) => Reflect.get(name in methods ? methods : target, name),
  });
}

function positionFirst({
  readModel,
  versions,
}: {
  readonly readModel: ReadModel;
  readonly versions: Versions;
}) {
  /** By partition, what this process moved ahead of the data. */
  const ahead = new Map<number, { readonly from: string | undefined; readonly to: ReturnType<Versions> }>();
  return {
    readModel: overriding(readModel, {
      advance: (log, moves) =>
        readModel.advance(
          log,
          moves.map((move) => {
            const moved = ahead.get(move.partition);
            return moved !== undefined && moved.from === move.from ? { ...move, from: moved.to } : move;
          }),
        ),
    }),
    around: (projection: Projection): Projection => ({
      open: (partitions, sequence) => projection.open(partitions, sequence),
      begin() {
        const fold = projection.begin();
        let last = 0;
        const write: Write = async (current) => {
          if (last === 0) return fold.write(current);
          const moves = [...current.values()].map(({ sequence, fence }) => ({
            partition: fence.partition,
            from: fence.position,
            to: inLife(
              versions(Math.max(sequence, last)),
              (fence.position && lifeOf(fence.position)) ?? "first",
            ),
            headAt: 0,
          }));
          const stuck = await readModel.advance("catalog", moves);
          const moved = new Map(
            moves.filter(({ partition }) => !stuck.has(partition)).map((move) => [move.partition, move]),
          );
          for (const [partition, move] of moved) ahead.set(partition, move);
          const fenced = [...current].map(([partition, { sequence, fence }]) => {
            const position = moved.get(partition)?.to ?? fence.position;
            return [partition, { sequence, fence: { partition, position } }] as const;
          });
          return fold.write(new Map(fenced));
        };
        return {
          add(entries, standing) {
            last = entries.at(-1)?.message.sequence ?? last;
            fold.add(entries, standing);
          },
          get size() {
            return fold.size;
          },
          write,
        };
      },
      settle: (partitions, sequence) => projection.settle(partitions, sequence),
      tick: (standing, now) => projection.tick(standing, now),
      get unsettled() {
        return projection.unsettled;
      },
    }),
  };
}

function unfenced(model: ReadModel): ReadModel {
  const here = async (partition: number) => {
    const positions = await model.positions("catalog", [partition]);
    return { partition, position: positions.get(partition)?.version };
  };
  return overriding(model, {
    advance: async (log, moves) =>
      model.advance(
        log,
        await Promise.all(
          moves.map(async (move) => ({ ...move, from: (await here(move.partition)).position })),
        ),
      ),
    putReviews: async ({ partition }, puts) => model.putReviews(await here(partition), puts),
    putRatings: async ({ partition }, puts) => model.putRatings(await here(partition), puts),
    putSale: async ({ partition }, put) => model.putSale(await here(partition), put),
    putCategoryEvents: async ({ partition }, events) =>
      model.putCategoryEvents(await here(partition), events),
    putRows: async ({ partition }, puts) => model.putRows(await here(partition), puts),
  });
}
