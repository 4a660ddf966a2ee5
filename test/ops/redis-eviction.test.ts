import { afterAll, beforeAll, expect, test } from "vitest";
import { assertEviction } from "../../ops/redis-eviction.ts";
import { connectRedis, type RedisConnection } from "../../projections/redis/connection.ts";
import { silent } from "../verify/world.ts";
import { startServers, type TestServers } from "../servers.ts";

let servers: TestServers;
let redis: RedisConnection;
beforeAll(async () => {
  servers = await startServers("redis");
  redis = await connectRedis({ url: servers.redisUrl, commandTimeoutMs: 5_000 });
});
afterAll(async () => {
  redis.disconnect();
  await servers.stop();
});

/** What is warned of with these settings. */
async function warnings(policy: string, memory = "64mb"): Promise<readonly string[]> {
  await redis.config("SET", "maxmemory-policy", policy);
  await redis.config("SET", "maxmemory", memory);
  const said: string[] = [];
  const warn = (_: object, text: string) => said.push(text);
  await assertEviction(redis, servers.redisUrl, { ...silent, warn });
  return said;
}

test.each(["allkeys-lru", "allkeys-lfu", "allkeys-random"])("%s is refused", async (policy) => {
  await expect(warnings(policy)).rejects.toThrow(
    `REDIS_URL=${servers.redisUrl}: its maxmemory-policy is ${policy}, which throws out what cannot be made again by key; set volatile-lfu`,
  );
});

test.each(["volatile-lfu", "volatile-lru", "volatile-ttl"])("%s is taken", async (policy) => {
  expect(await warnings(policy)).toEqual([]);
});

test("a limit without eviction is warned of, and no limit is not", async () => {
  expect(await warnings("noeviction")).toEqual([
    "Redis: its maxmemory-policy is noeviction, so it refuses writes when it is full; set volatile-lfu",
  ]);
  expect(await warnings("noeviction", "0")).toEqual([]);
});

test("a server that does not tell is taken at its operator's word", async () => {
  await redis.acl("SETUSER", "plain", "on", ">secret", "~*", "+@all", "-config");
  const url = servers.redisUrl.replace("redis://", "redis://plain:secret@");
  const plain = await connectRedis({ url, commandTimeoutMs: 5_000 });
  try {
    await expect(plain.config("GET", "maxmemory")).rejects.toThrow(/NOPERM/);
    await assertEviction(plain, url, silent);
  } finally {
    plain.disconnect();
  }
});
