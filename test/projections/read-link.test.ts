import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
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
  const [text] = (await readLinkOf(redis).send(get(key), 1)) ?? [];
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
  expect(String((await link.send(get("key"), 1))?.[0])).toBe("found");
  own.disconnect();
});

test("a password that the server does not want opens it as well, as it does the client", async () => {
  const url = servers.redisUrl.replace("redis://", "redis://:sesame@");
  const own = await connectRedis({ url, commandTimeoutMs: timeoutMs });
  const link = readLinkOf(own);
  await link.tried;
  expect(await link.send(get("nobody"), 1)).toEqual([null]);
  own.disconnect();
});

test("a reply that cannot be the call's own is given to nobody, nor are those behind it", async () => {
  await redis.set("key", "value");
  const link = readLinkOf(redis);
  await link.tried;
  expect(await Promise.all([link.send(get("key"), 2), link.send(get("key"), 1)])).toEqual([
    undefined,
    undefined,
  ]);
  await readAgain("key").toBe("value");
});

test("what the server refuses is left to the client", async () => {
  await readLinkOf(redis).tried;
  expect(await readLinkOf(redis).send("*1\r\n$4\r\nMGET\r\n", 1)).toBeUndefined();
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

test("who calls after somebody was told that it takes too long gets a reply of its own", async () => {
  const keys = Array.from({ length: 100 }, (_, at) => `key-${at}`);
  await redis.mset(keys.flatMap((key) => [key, `of ${key}`]));
  await readLinkOf(redis).tried;
  servers.signal("redis", "SIGSTOP");
  const begunAt = performance.now();
  const early = await Promise.allSettled(keys.slice(0, 50).map(read));
  const tookMs = performance.now() - begunAt;
  const rejected = early.filter(({ status }) => status === "rejected");
  expect([rejected.length, tookMs >= timeoutMs, tookMs < 4 * timeoutMs]).toEqual([50, true, true]);
  const late = Promise.all(keys.slice(50).map((key) => read(key).catch(() => undefined)));
  servers.signal("redis", "SIGCONT");
  for (const [at, text] of (await late).entries()) expect([undefined, `of key-${50 + at}`]).toContain(text);
  await readAgain("key-0").toBe("of key-0");
  expect(await Promise.all(keys.map(read))).toEqual(keys.map((key) => `of ${key}`));
});

test("a server that died takes its calls with it, and the link comes back with the client", async () => {
  await redis.set("key", "of the first life");
  await readLinkOf(redis).tried;
  servers.signal("redis", "SIGSTOP");
  const lost = readLinkOf(redis).send(get("key"), 1);
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
  expect(link.send(get("key"), 1)).toBeUndefined();
  servers.signal("redis", "SIGCONT");
  await expect.poll(() => link.send(get("key"), 1), { timeout: 10_000 }).toEqual([null]);
});

test("a client that was let go leaves nothing that keeps its process alive", async () => {
  await redis.set("key", "found");
  const script = fileURLToPath(new URL("link-process.ts", import.meta.url));
  const run = promisify(execFile)(process.execPath, [script, `${servers.redisUrl}/3`], { timeout: 20_000 });
  expect((await run).stdout).toBe("found\n");
});

test("a call under way when the client goes ends within the client's limit, though the server stands still", async () => {
  await readLinkOf(redis).tried;
  servers.signal("redis", "SIGSTOP");
  const begunAt = performance.now();
  const lost = Promise.allSettled([readLinkOf(redis).send(get("key"), 1)]);
  redis.disconnect();
  const [ended] = await lost;
  const tookMs = performance.now() - begunAt;
  servers.signal("redis", "SIGCONT");
  expect(ended.status === "rejected" || ended.value === undefined).toBe(true);
  expect(tookMs).toBeLessThan(4 * timeoutMs);
});

test("without a client there is no link", async () => {
  await readLinkOf(redis).tried;
  redis.disconnect();
  await expect.poll(() => readLinkOf(redis).send(get("key"), 1)).toBeUndefined();
});
