import type { FastifyInstance } from "fastify";
import { createHmac } from "node:crypto";
import { request as httpRequest } from "node:http";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { encodeCallersWord } from "../../actors/hot/callers-word.ts";
import { decodeHeatWord, type HeatWord } from "../../actors/hot/heat-word.ts";
import { createReadHeat } from "../../api/heat/heat.ts";
import { createRateLimit } from "../../api/heat/rate-limit.ts";
import { createIdentity } from "../../api/identity/identity.ts";
import { secretKey } from "../../api/identity/keys.ts";
import { untilReached } from "../../ops/verify/verify.ts";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import { createMemoryBroadcast } from "../../streams/memory-broadcast.ts";
import { createWorld, type Running } from "../verify/world.ts";

/** Who asks too much in the cluster, as its owner tells, is refused by the API. */

const noon = Date.parse("2026-11-23T12:00:00Z");
const secret = "a secret of more than thirty-two bytes";
const lamp = "/api/products/lamp";
let clock: { now: number };
let api: FastifyInstance;
let projecting: Running;
let port: number;
let heard: HeatWord[];
const callers = createMemoryBroadcast();

beforeEach(async () => {
  clock = { now: 10_000 };
  heard = [];
  const world = createWorld(createMemoryReadModel(), noon);
  await world.publish([{ subject: "catalog.product.modified.lamp", payload: '{"title":"Lamp"}' }]);
  projecting = world.project();
  await untilReached(world, (await world.catalog.bounds()).last);
  const words = createMemoryBroadcast();
  words.listen({
    hear: (bytes) => heard.push(...[decodeHeatWord(bytes)].filter((word) => word !== undefined)),
    missed() {},
  });
  const time = () => clock.now;
  const rateLimit = createRateLimit({ words: callers, perSecondMax: 50, clock: time });
  api = world.api({
    identity: createIdentity({ keys: secretKey(secret), now: () => noon }),
    heat: createReadHeat({ by: "me", holds: true, words, clock: time }),
    trustedProxies: ["127.0.0.1"],
    rateLimit,
  });
  api.addHook("onClose", async () => rateLimit.close());
  await api.listen({ host: "127.0.0.1", port: 0 });
  port = (api.server.address() as { port: number }).port;
});
afterEach(async () => {
  await api.close();
  await projecting.stop();
});

const tell = (rates: Readonly<Record<string, number>>) =>
  callers.publish(
    encodeCallersWord({
      callers: Object.entries(rates).map(([key, perSecond]) => ({ key, perSecond })),
      endpoints: [],
    }),
  );

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

function ask(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: "127.0.0.1", port, path, method, headers, agent: false },
      async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk as Buffer);
        const body = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      },
    );
    request.on("error", reject).end();
  });
}

const statusOf = async (...asked: Parameters<typeof ask>) => (await ask(...asked)).status;

function tokenOf(sub: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "HS256" })}.${part({ sub, exp: noon / 1_000 + 600 })}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

const by = (user: string) => ({ authorization: `Bearer ${tokenOf(user)}` });

test("an address above the limit is refused on every way, as a problem, and those at it or below are not", async () => {
  expect(await statusOf(lamp)).toBe(200);
  tell({ "address:127.0.0.1": 51, "address:198.51.100.7": 50 });
  const refused = await ask(lamp);
  expect(refused).toMatchObject({
    status: 429,
    headers: {
      "retry-after": "1",
      "content-type": "application/problem+json",
      "cache-control": "no-store",
    },
  });
  expect(JSON.parse(refused.body)).toMatchObject({
    type: "urn:shelfwire:problem:too-many-requests",
    status: 429,
  });
  expect(await ask(lamp, {}, "HEAD")).toMatchObject({ status: 429, body: "" });
  for (const path of ["/api/categories", "/api/products?ids=lamp", "/nowhere"])
    expect(await statusOf(path)).toBe(429);
  // A proxy is not to blame for whom it speaks for.
  expect(await statusOf(lamp, { "x-forwarded-for": "198.51.100.7" })).toBe(200);
});

test("a user above the limit is refused wherever it asks from, and others from there are not", async () => {
  tell({ "user:ann": 51 });
  const refused = await ask(lamp, by("ann"));
  expect(refused).toMatchObject({ status: 429, headers: { "retry-after": "1" } });
  expect(await statusOf(lamp, by("bob"))).toBe(200);
  expect(await statusOf(lamp)).toBe(200);
});

test("a user is let past its address, a token that is not good is refused as such", async () => {
  tell({ "address:127.0.0.1": 51 });
  expect(await statusOf(lamp, by("bob"))).toBe(200);
  expect(await statusOf(lamp, { authorization: "Bearer no.good.one" })).toBe(401);
});

test("health is told to everybody", async () => {
  tell({ "address:127.0.0.1": 1_000 });
  expect([await statusOf("/healthz"), await statusOf("/readyz?x=1")]).toEqual([200, 200]);
});

test("what the owner said counts for two seconds, and until it says something else", async () => {
  tell({ "address:127.0.0.1": 51 });
  clock.now += 1_999;
  expect(await statusOf(lamp)).toBe(429);
  clock.now += 1;
  expect(await statusOf(lamp)).toBe(200);
  tell({ "address:127.0.0.1": 51 });
  expect(await statusOf(lamp)).toBe(429);
  tell({ "address:127.0.0.1": 49 });
  expect(await statusOf(lamp)).toBe(200);
});

test("a word that is none changes nothing", async () => {
  tell({ "address:127.0.0.1": 51 });
  for (const text of [
    "",
    "null",
    "[]",
    '{"v":1}',
    '{"v":2,"callers":[],"endpoints":[]}',
    '{"v":1,"callers":[[1,2]],"endpoints":[]}',
  ])
    callers.publish(Buffer.from(text));
  expect(await statusOf(lamp)).toBe(429);
});

test("what is refused counts as asked, and heats no product", async () => {
  tell({ "address:127.0.0.1": 51, "user:ann": 51 });
  for (let time = 0; time < 10; time++) {
    await statusOf(lamp);
    await statusOf(lamp, by("ann"));
  }
  clock.now += 60;
  await vi.waitFor(() => {
    const { callers: keen = [], products, endpoints } = heard.at(-1) ?? {};
    expect(keen.map(({ key }) => key)).toEqual(["address:127.0.0.1", "user:ann"]);
    expect(products).toEqual([]);
    expect(endpoints?.map(({ key }) => key)).toEqual(["GET /api/products/:id"]);
  });
});
