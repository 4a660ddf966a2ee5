import { afterAll, beforeAll, expect, test } from "vitest";
import { connectRedis, type RedisConnection } from "../../projections/redis/connection.ts";
import { createRedisLoadClaims } from "../../projections/redis/load-claims.ts";
import { startServers, type TestServers } from "../servers.ts";
import { id } from "../streams/id.ts";

/** One in the cluster loads; a claim ends by itself, and a Redis that is away stops nobody. */

const lamp = id("lamp");
let servers: TestServers;
let redis: RedisConnection;
beforeAll(async () => {
  servers = await startServers("redis");
  redis = await connectRedis({ url: servers.redisUrl, commandTimeoutMs: 250, onState: () => {} });
});
afterAll(async () => {
  redis.disconnect();
  await servers.stop();
});

test("one of many gets the claim, the next one when it is released", async () => {
  const claims = createRedisLoadClaims(redis);
  const tried = await Promise.all(Array.from({ length: 50 }, () => claims.claim(lamp)));
  expect(tried.filter((isOurs) => isOurs)).toHaveLength(1);
  expect(await claims.claim(id("vase"))).toBe(true);
  await claims.release(lamp);
  expect([await claims.claim(lamp), await claims.claim(lamp)]).toEqual([true, false]);
  expect(await redis.pttl("load:{lamp}")).toBeGreaterThan(0);
});

test("with Redis away everybody may load", async () => {
  const claims = createRedisLoadClaims(redis);
  servers.signal("redis", "SIGSTOP");
  try {
    expect(await claims.claim(lamp)).toBe(true);
    await claims.release(lamp);
  } finally {
    servers.signal("redis", "SIGCONT");
  }
});
