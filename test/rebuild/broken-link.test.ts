import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { compareProducts } from "../../ops/rebuild/compare.ts";
import { follow } from "../../ops/rebuild/follow.ts";
import { dueAmong, positionsOf } from "../../ops/rebuild/positions.ts";
import { rebuild } from "../../ops/rebuild/rebuild.ts";
import { createCatalogueFold } from "../../projections/rebuild/catalogue-fold.ts";
import { connectRedis, type RedisConnection } from "../../projections/redis/connection.ts";
import { createRedisReadModel } from "../../projections/redis/read-model.ts";
import { versionsOf } from "../../projections/version.ts";
import { allPartitions } from "../../streams/partition.ts";
import { historyOf } from "../projections/sampled-history.ts";
import { projectAll, silent, type World } from "../projections/projecting.ts";
import { openStreams, startServers, type TestServers, type TestStreams } from "../servers.ts";
import { append } from "../streams/reading.ts";

/** Redis dies under a rebuild and comes back as an older copy: nothing is raised on what that copy has not. */

let servers: TestServers;
let streams: TestStreams;
let redis: RedisConnection;
let world: World;
beforeAll(async () => {
  servers = await startServers("nats", "redis");
  streams = await openStreams(servers.natsUrl);
  redis = await connectRedis({ url: servers.redisUrl, commandTimeoutMs: 2_000 });
  const { catalog, derived, quarantine, epoch } = streams;
  world = {
    catalog,
    derived,
    quarantine,
    epoch,
    readModel: createRedisReadModel(redis),
    now: () => Date.now(),
  };
});
afterAll(async () => {
  redis.disconnect();
  await streams.connection.close();
  await servers.stop();
});

const versions = () => versionsOf(world.epoch);
const due = async () =>
  dueAmong(await positionsOf(world.readModel, versions(), allPartitions), versions()).size;
const rebuildOnce = (onWritten: () => void = () => {}) =>
  rebuild({
    ...world,
    redis,
    versions: versions(),
    memoryBytes: 0,
    journal: silent,
    onProgress: ({ products }) => {
      if (products > 0) onWritten();
    },
  });

async function changes(): Promise<readonly unknown[]> {
  const { catalog, readModel, now } = world;
  const fold = createCatalogueFold(new Set(allPartitions));
  const follower = follow({ catalog, fold, onFolded: () => {}, onRefused: async () => {} });
  await follower.foldTo((await catalog.bounds()).last);
  await follower.close();
  return Array.fromAsync(compareProducts({ fold, readModel, versions: versions(), now }));
}

test("a rebuild ends when the link breaks, and the next one finds what is left", async () => {
  for (const { subject, payload } of historyOf(400, 7)) await append(world.catalog, subject, payload);
  await projectAll(world);
  // The copy that Redis will come back as: it waits to be rebuilt, and one of its ratings is wrong.
  const positions = await world.readModel.positions("catalog", allPartitions);
  const rated = (await redis.keys("ratings:*")).at(0) ?? "none";
  const [version] = ((await redis.hget(rated, "rating")) ?? "").split(" ");
  await redis.hset(rated, "rating", `${version} {"count":99,"sum":99,"sequence":1}`);
  for (const [partition, { version: at, headAt }] of positions) {
    await redis.set(`position:catalog:{${partition}}`, `${at.slice(0, 27)}000 ${headAt}`);
  }
  await redis.save();
  expect(await due()).toBe(16);
  expect(await changes()).toHaveLength(1);

  let killed = false;
  const broken = rebuildOnce(() => {
    if (!killed) servers.signal("redis", "SIGKILL");
    killed = true;
  });
  await expect(broken).rejects.toThrow();
  await vi.waitFor(async () => expect(await redis.ping()).toBe("PONG"), { timeout: 20_000 });
  expect(await due()).toBe(16);

  expect(await rebuildOnce()).toMatchObject({ partitions: 16, left: 0 });
  expect(await changes()).toEqual([]);
  expect(await rebuildOnce()).toMatchObject({ partitions: 16, left: 0 });
});
