import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Service, startYardstick } from "../../bench/services.ts";
import { keysOf, partsOf, storeParts } from "../../bench/yardsticks/cache-aside.ts";
import { startServers, type TestServers } from "../servers.ts";

/** A figure beside a yardstick is worth what the yardstick is: each gives the whole answer, from where it should. */

const product = {
  id: "röd-stol",
  title: "Röd stol",
  price: { amount: 1999, currency: "GBP", sale: null },
  inventory: { quantity: 3, in_stock: true },
  variants: [],
  version: 12,
};

let servers: TestServers;
let redis: Redis;
let origin: Server;
let asked: string[] = [];
const services: Service[] = [];

beforeAll(async () => {
  servers = await startServers("redis");
  redis = new Redis(servers.redisUrl);
  origin = createServer((request, response) => {
    asked.push(request.url ?? "");
    const isKnown = request.url === `/api/products/${encodeURIComponent(product.id)}`;
    response.writeHead(isKnown ? 200 : 404).end(JSON.stringify(isKnown ? product : {}));
  });
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  const behind = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
  for (const name of ["textbook", "tuned"] as const)
    services.push(await startYardstick(name, servers.redisUrl, behind));
});

afterAll(async () => {
  for (const { stop } of services) await stop();
  origin.close();
  redis.disconnect();
  await servers.stop();
});

beforeEach(async () => {
  await redis.flushall();
  asked = [];
});

const get = ({ port }: Service, id: string) =>
  fetch(`http://127.0.0.1:${port}/api/products/${encodeURIComponent(id)}`);

test("cache-aside services answer what stands in Redis, whole, and leave the service behind alone", async () => {
  await storeParts(redis, [[product.id, partsOf(product)]]);
  for (const service of services) {
    const answer = await get(service, product.id);
    expect([answer.status, answer.headers.get("content-type"), answer.headers.get("cache-control")]).toEqual([
      200,
      "application/json; charset=utf-8",
      "public, max-age=5",
    ]);
    expect(await answer.json()).toEqual(product);
  }
  expect(asked).toEqual([]);
});

test("a miss of any part is loaded from the service behind, once, and stored for a while", async () => {
  for (const service of services) {
    await redis.flushall();
    await storeParts(redis, [[product.id, partsOf(product)]]);
    await redis.del(keysOf(product.id)[1]);
    asked = [];
    expect(await (await get(service, product.id)).json()).toEqual(product);
    expect(await (await get(service, product.id)).json()).toEqual(product);
    expect(asked).toHaveLength(1);
    for (const key of keysOf(product.id)) expect(await redis.ttl(key)).toBeGreaterThan(0);
  }
});

test("what nobody has is not found", async () => {
  for (const service of services) {
    const answer = await get(service, "nothing");
    await answer.body?.cancel();
    expect(answer.status).toBe(404);
  }
  expect(asked).toEqual(["/api/products/nothing", "/api/products/nothing"]);
});

test("bare node:http sends the bytes and headers that it was given", async () => {
  const body = JSON.stringify(product);
  const headers = ["content-type", "application/json", "etag", '"abc"', "cache-control", "public, max-age=5"];
  const bare = await startYardstick("bare", JSON.stringify({ headers, body }));
  try {
    const answer = await fetch(`http://127.0.0.1:${bare.port}/`);
    expect(await answer.text()).toBe(body);
    for (let at = 0; at < headers.length; at += 2)
      expect(answer.headers.get(headers[at] as string)).toBe(headers[at + 1]);
  } finally {
    await bare.stop();
  }
});
