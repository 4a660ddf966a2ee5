import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import { connectRedis, type RedisConnection } from "../../projections/redis/connection.ts";
import { keys } from "../../projections/redis/keys.ts";
import { PositionMoved } from "../../projections/read-model.ts";
import { createRedisReadModel } from "../../projections/redis/read-model.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import type { Log } from "../../streams/log.ts";
import { openStreams, startServers, type TestServers, type TestStreams } from "../servers.ts";
import { id } from "../streams/id.ts";
import { append, readTail } from "../streams/reading.ts";
import { historyOf } from "./sampled-history.ts";
import { historyStart, names, type Published } from "./arbitrary-events.ts";
import { dump, withoutAbsent } from "./dump.ts";
import { cutting, isCaughtUp, projectAll, projectorOf, type World } from "./projecting.ts";

/** The projector on real servers that fail. Whatever happens, the read models end as the log says. */

/** The histories take place today: their sales are on, and none begins or ends within the hour. */
const shift = historyStart + 3_600_000 - Date.now();
const now = () => Date.now() + shift;
const patience = { timeout: 40_000, interval: 50 };

let servers: TestServers;
let streams: TestStreams;
let redis: RedisConnection;
let world: World;
/** Projectors that a test started; they are started again when they fail, as under their supervisor. */
let lives: { readonly stop: AbortController; readonly ended: Promise<void> }[];

beforeEach(async () => {
  servers = await startServers("nats", "redis");
  streams = await openStreams(servers.natsUrl);
  redis = await connectRedis({ url: servers.redisUrl, commandTimeoutMs: 1_000 });
  const { catalog, derived, quarantine, epoch } = streams;
  world = { catalog, derived, quarantine, epoch, readModel: createRedisReadModel(redis), now };
  lives = [];
});
afterEach(async () => {
  for (const { stop } of lives) stop.abort();
  await Promise.all(lives.map(({ ended }) => ended));
  redis.disconnect();
  await streams.connection.close();
  await servers.stop();
});

function project(through: World = world): void {
  const stop = new AbortController();
  const live = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await projectorOf(through)
        .run(stop.signal)
        .catch(() => new Promise((resolve) => setTimeout(resolve, 100)));
    }
  };
  lives.push({ stop, ended: live() });
}

async function publish(history: readonly Published[]): Promise<void> {
  for (const { subject, payload } of history) await append(world.catalog, subject, payload);
}

const caughtUp = () => vi.waitFor(async () => expect(await isCaughtUp(world)).toBe(true), patience);

/** What the log says, folded anew in memory. */
async function wanted(): Promise<unknown> {
  const { last } = await world.catalog.bounds();
  const readModel = createMemoryReadModel();
  const memory = (stream: string): Log => createMemoryLog({ stream, now, perSubject: 1 });
  await projectAll({ ...world, readModel, derived: memory("DERIVED"), quarantine: memory("QUARANTINE") });
  expect((await readTail(world.catalog, { from: 1 }, last)).length).toBe(last);
  return dump(readModel, names);
}

async function expectAsTheLogSays(): Promise<void> {
  const found = await dump(world.readModel, names);
  expect(found).toEqual(withoutAbsent(await wanted(), found));
}

test("Redis and memory arrive at the same", async () => {
  await publish(historyOf(300, 1));
  project();
  await caughtUp();
  expect(await dump(world.readModel, names)).toEqual(await wanted());
});

test("Redis is emptied while events keep coming", async () => {
  await publish(historyOf(200, 2));
  project({ ...world, catalog: cutting(world.catalog, [7]) });
  await caughtUp();
  const more = historyOf(200, 3);
  await publish(more.slice(0, 100));
  await redis.flushall();
  await publish(more.slice(100));
  await caughtUp();
  await expectAsTheLogSays();
});

test("Redis is emptied while nothing happens: the projector notices by itself", async () => {
  await publish(historyOf(200, 4));
  project();
  await caughtUp();
  await redis.flushall();
  await caughtUp();
  await expectAsTheLogSays();
});

test("Redis comes back with an older snapshot", async () => {
  const history = historyOf(300, 5);
  await publish(history.slice(0, 150));
  project({ ...world, catalog: cutting(world.catalog, [7]) });
  await caughtUp();
  await redis.save();
  await publish(history.slice(150, 200));
  await caughtUp();
  servers.signal("redis", "SIGKILL");
  await publish(history.slice(200));
  await caughtUp();
  await expectAsTheLogSays();
});

test("NATS and Redis are killed in turn while events are published and projected", async () => {
  const history = historyOf(400, 6);
  project({ ...world, catalog: cutting(world.catalog, [20]) });
  await publish(history.slice(0, 100));
  servers.signal("nats", "SIGKILL");
  await publish(history.slice(100, 200));
  servers.signal("redis", "SIGKILL");
  await publish(history.slice(200, 300));
  servers.signal("nats", "SIGKILL");
  await publish(history.slice(300));
  await caughtUp();
  await expectAsTheLogSays();
});

test("two projectors that both own everything end as one would", async () => {
  project({ ...world, catalog: cutting(world.catalog, [3, 1]) });
  project({ ...world, catalog: cutting(world.catalog, [2, 50]) });
  await publish(historyOf(300, 7));
  await caughtUp();
  await expectAsTheLogSays();
});

test("a register that was evicted is not called back from the dead by an owner that fell behind", async () => {
  const lamp = id("lamp");
  const key = keys.registers(lamp);
  await append(world.catalog, "catalog.inventory.changed.lamp", '{"new_quantity":1}');
  await append(world.catalog, "catalog.inventory.changed.lamp", '{"new_quantity":2}');

  // The late owner has taken the first event, and hears of nothing until the other one is done.
  let letGo: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const taken = Promise.withResolvers<void>();
  const cut = cutting(world.catalog, [1]);
  const late: Log = {
    ...cut,
    tail(options) {
      const tail = cut.tail(options);
      return {
        ...tail,
        async take(max, waitMs) {
          const batch = await tail.take(max, waitMs);
          taken.resolve();
          await held;
          return batch;
        },
      };
    },
  };
  const refused = Promise.withResolvers<unknown>();
  const { readModel } = world;
  const watched: World["readModel"] = {
    ...readModel,
    async putRegisters(fences, puts) {
      await readModel.putRegisters(fences, puts).catch((error) => {
        refused.resolve(error);
        throw error;
      });
    },
  };
  project({ ...world, catalog: late, readModel: watched });
  await taken.promise;
  await projectAll(world);
  expect((await readModel.readProducts([lamp]))[0]?.inventory?.value?.quantity).toBe(2);
  await redis.del(key);
  letGo();
  expect(await refused.promise).toBeInstanceOf(PositionMoved);
  expect(await redis.exists(key)).toBe(0);
});
