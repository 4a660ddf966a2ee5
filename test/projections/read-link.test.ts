import { afterEach, beforeEach, expect, test } from "vitest";
import { connectRedis, type RedisConnection } from "../../projections/redis/connection.ts";
import { readLinkOf } from "../../projections/redis/read-link.ts";
import { startServers, type TestServers } from "../servers.ts";

let servers: TestServers;
let redis: RedisConnection;
const timeoutMs = 250;

beforeEach(async () => {
  servers = await startServers("redis");
  redis = await connectRedis({ url: `${servers.redisUrl}/3`, commandTimeoutMs: timeoutMs });
});
afterEach(async () => {
  redis.disconnect();
  await servers.stop();
});

const get = (key: string) => `*2\r\n$4\r\nMGET\r\n$${key.length}\r\n${key}\r\n`;

async function read(key: string): Promise<string | undefined> {
  const [text] = (await readLinkOf(redis).send(get(key))) ?? [];
  return text?.toString();
}

const readAgain = (key: string) => expect.poll(() => read(key).catch(() => undefined), { timeout: 10_000 });

test("replies come in the order of the calls, from the database of the client", async () => {
  const keys = Array.from({ length: 200 }, (_, at) => `key-${at}`);
  await redis.mset(keys.flatMap((key) => [key, `of ${key}`]));
  await readLinkOf(redis).tried;
  expect(await Promise.all(keys.map(read))).toEqual(keys.map((key) => `of ${key}`));
  expect(await read("nobody")).toBeUndefined();
});

test("a password of the client opens the link as well", async () => {
  await redis.config("SET", "requirepass", "sesame");
  const { host, port } = new URL(servers.redisUrl);
  const own = await connectRedis({
    url: `redis://:sesame@${host || `127.0.0.1:${port}`}`,
    commandTimeoutMs: 250,
  });
  await own.set("key", "found");
  const link = readLinkOf(own);
  await link.tried;
  expect(String((await link.send(get("key")))?.[0])).toBe("found");
  own.disconnect();
});

test("what the server refuses is left to the client", async () => {
  await readLinkOf(redis).tried;
  expect(await readLinkOf(redis).send("*1\r\n$4\r\nMGET\r\n")).toBeUndefined();
  await redis.set("key", "value");
  expect(await read("key")).toBe("value");
});

test("who waits too long is told so, and nobody gets the reply of somebody else", async () => {
  await redis.mset("first", "1", "second", "2");
  await readLinkOf(redis).tried;
  servers.signal("redis", "SIGSTOP");
  await expect(read("first")).rejects.toThrow("timed out");
  servers.signal("redis", "SIGCONT");
  await readAgain("second").toBe("2");
  await readAgain("first").toBe("1");
});

test("a server that died takes its calls with it, and the link comes back with the client", async () => {
  await redis.set("key", "of the first life");
  await readLinkOf(redis).tried;
  servers.signal("redis", "SIGSTOP");
  const lost = readLinkOf(redis).send(get("key"));
  servers.signal("redis", "SIGKILL");
  expect(await lost).toBeUndefined();
  await expect
    .poll(() => redis.set("key", "of the second life").catch(() => ""), { timeout: 10_000 })
    .toBe("OK");
  await readAgain("key").toBe("of the second life");
});

test("a server that stands still while the link opens keeps nobody waiting", async () => {
  servers.signal("redis", "SIGSTOP");
  const link = readLinkOf(redis);
  await link.tried;
  expect(link.send(get("key"))).toBeUndefined();
  servers.signal("redis", "SIGCONT");
  await expect.poll(() => link.send(get("key")), { timeout: 10_000 }).toEqual([null]);
});

test("without a client there is no link", async () => {
  await readLinkOf(redis).tried;
  redis.disconnect();
  await expect.poll(() => readLinkOf(redis).send(get("key"))).toBeUndefined();
});
