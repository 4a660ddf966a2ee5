import { afterAll, beforeAll, expect, test } from "vitest";
import { connectRedis, type RedisConnection } from "../../projections/redis/connection.ts";
import { createRedisLoadClaims } from "../../projections/redis/load-claims.ts";
import { startServers, type TestServers } from "../servers.ts";
import { versionsOf } from "../../projections/version.ts";
import { id } from "../streams/id.ts";
import { v } from "./read-model-adapters.ts";

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
  const claims = createRedisLoadClaims(redis, v(0));
  const tried = await Promise.all(Array.from({ length: 50 }, () => claims.claim(lamp)));
  expect(tried.filter((one) => one === "ours")).toHaveLength(1);
  expect(await claims.claim(id("vase"))).toBe("ours");
  await claims.release(lamp);
  expect([await claims.claim(lamp), await claims.claim(lamp)]).toEqual(["ours", "theirs"]);
  expect(await redis.pttl("load:{lamp}")).toBeGreaterThan(0);
});

test("what was found is told to all who ask within a moment", async () => {
  const claims = createRedisLoadClaims(redis, v(0));
  const pot = id("pot");
  await claims.claim(pot);
  await claims.tell(pot, '{"found":null}');
  expect(await claims.claim(pot)).toEqual({ told: '{"found":null}' });
  await expect.poll(() => claims.claim(pot)).toBe("ours");
});

test("what folds of another version made is not taken", async () => {
  const cup = id("cup");
  await createRedisLoadClaims(redis, v(0)).tell(cup, '{"found":null}');
  expect(await createRedisLoadClaims(redis, versionsOf(7)(0)).claim(cup)).toBe("ours");
});

test("with Redis away everybody may load", async () => {
  const claims = createRedisLoadClaims(redis, v(0));
  servers.signal("redis", "SIGSTOP");
  try {
    expect(await claims.claim(lamp)).toBe("ours");
    await claims.tell(lamp, "{}");
    await claims.release(lamp);
  } finally {
    servers.signal("redis", "SIGCONT");
  }
});
