import type { FastifyInstance } from "fastify";
import { Agent, request as httpRequest, ServerResponse } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { createRandom } from "../../ops/demo/random.ts";
import { untilReached } from "../../ops/verify/verify.ts";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import { createWorld, type Running, type World } from "../verify/world.ts";

/** An answer that is sent as it was a moment ago is the one that would be made now. */

const noon = Date.parse("2026-11-23T12:00:00Z");
const path = "/api/products/lamp";
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const edge = { isShort: false };
const heads = vi.spyOn(ServerResponse.prototype, "writeHead");
let world: World;
let api: FastifyInstance;
let port: number;
let projecting: Running;

beforeAll(async () => {
  world = createWorld(createMemoryReadModel(), noon);
  const price = { amount: 5, currency: "GBP" };
  await publish("product.modified.lamp", { title: "Lampe ☂" });
  await publish("price.updated.lamp", { new_price: price });
  await publish("sale.scheduled.friday", {
    starts_at: "2026-11-23T12:00:20.250Z",
    ends_at: "2026-11-23T12:00:41.750Z",
    items: [{ product_id: "lamp", sale_price: { ...price, amount: 4 } }],
  });
  projecting = world.project();
  await level();
  api = world.api({ edge });
  await api.listen({ host: "127.0.0.1", port: 0 });
  port = (api.server.address() as { port: number }).port;
});
afterAll(async () => {
  agent.destroy();
  await api.close();
  await projecting.stop();
});
beforeEach(() => void heads.mockClear());

const publish = (subject: string, payload: object) =>
  world.publish([{ subject: `catalog.${subject}`, payload: JSON.stringify(payload) }]);
const level = async () => untilReached(world, (await world.catalog.bounds()).last);

interface Answer {
  readonly status: number | undefined;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

function over(headers: Record<string, string> = {}, by: Agent | false = agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ port, path, headers, agent: by }, async (response) => {
      const { statusCode: status, headers: own } = response;
      resolve({ status, headers: { ...own }, body: await text(response) });
    });
    request.on("error", reject).end();
  });
}

/** By the route, which makes each answer anew. */
async function anew(): Promise<Answer> {
  const { statusCode: status, headers, body } = await api.inject(path);
  return { status, headers, body };
}

/** An injected request has no connection, and a date by another clock than the world's. */
const ofConnection = ["connection", "keep-alive", "date"];
const withoutConnection = ({ headers, ...rest }: Answer) => ({
  ...rest,
  headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !ofConnection.includes(name))),
});

/** Asked for until it is the text that was sent before. */
async function sentBefore(): Promise<void> {
  await expect
    .poll(async () => {
      heads.mockClear();
      await over();
      return heads.mock.calls.length;
    })
    .toBe(0);
}

test("who asks for it again gets the text that was sent, to the last header", async () => {
  await anew();
  const first = await over();
  await sentBefore();
  const again = await over();
  expect(first.headers).toMatchObject({
    "cache-status": "shelfwire; hit; detail=memory",
    connection: "keep-alive",
    "keep-alive": expect.stringMatching(/^timeout=\d+, max=\d+$/),
    date: "Mon, 23 Nov 2026 12:00:00 GMT",
  });
  expect(again).toEqual(first);
  expect(again.body).toContain("Lampe ☂");
});

test("whatever the clock and the log change in it is in the next one", async () => {
  const random = createRandom(1, 1);
  let texts = 0;
  while (world.clock.now < noon + 60_000) {
    world.clock.now += random.between(0, 700);
    // It is put back now and then.
    if (random.chance(0.02)) world.clock.now -= 2_000;
    if (random.chance(0.1)) {
      await publish("price.updated.lamp", { new_price: { amount: random.between(5, 99), currency: "GBP" } });
      await level();
    }
    if (random.chance(0.1)) await publish("product.modified.other", { title: "Another" });
    await anew();
    for (let each = 0; each < 4; each++) {
      // What a request has looked at behind it may move its age at any moment.
      const before = withoutConnection(await anew());
      heads.mockClear();
      const given = await over();
      if (heads.mock.calls.length === 0) texts++;
      expect([before, withoutConnection(await anew())]).toContainEqual(withoutConnection(given));
      expect(given.headers["date"]).toBe(new Date(world.clock.now).toUTCString());
    }
  }
  expect(texts).toBeGreaterThan(100);
});

test("when purges begin to fail, the next one is told the shorter lifetime", async () => {
  await sentBefore();
  const long = await over();
  edge.isShort = true;
  const short = await over();
  edge.isShort = false;
  expect(long.headers["cdn-cache-control"]).toMatch(/^public, max-age=25/);
  expect(short.headers["cdn-cache-control"]).toBe("public, max-age=5");
  expect(await over()).toEqual(long);
});

test("when the last units are not being sold any more, the next one is told the longer lifetime", async () => {
  const sells_out_at = new Date(world.clock.now + 2_000).toISOString();
  await publish("inventory.changed.lamp", { new_quantity: 3, sells_out_at });
  await level();
  const lifetime = async () => (await over()).headers["cdn-cache-control"];
  await expect.poll(lifetime).toBe("public, max-age=1");
  let told = await lifetime();
  for (let last = told; last === "public, max-age=1"; last = told) {
    await sentBefore();
    world.clock.now += 50;
    told = await lifetime();
    expect(told).toBe((await anew()).headers["cdn-cache-control"]);
  }
});

test("who has it already is told so", async () => {
  const { headers } = await over();
  const { etag } = headers as { etag: string };
  expect(await over({ "if-none-match": etag })).toMatchObject({ status: 304, body: "" });
  expect(await over({ "if-none-match": '"other"' })).toMatchObject({ status: 200 });
});

test("who wants the connection to end has it ended", async () => {
  await sentBefore();
  expect((await over({ connection: "close" }, false)).headers).toMatchObject({ connection: "close" });
  expect((await over()).headers).toMatchObject({ connection: "keep-alive" });
});

test.each(["", "Connection: keep-alive\r\n"])(
  "who speaks HTTP/1.0 is told what becomes of the connection (%j)",
  async (header) => {
    await sentBefore();
    const socket = connect(port, "127.0.0.1").on("connect", () =>
      socket.write(`GET ${path} HTTP/1.0\r\n${header}\r\n`),
    );
    let told = "";
    for await (const piece of socket) {
      told += String(piece);
      if (told.endsWith("}")) socket.end();
    }
    expect(told).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(told).toContain(header === "" ? "\r\nConnection: close\r\n" : "\r\nConnection: keep-alive\r\n");
  },
);

test("the last answer of a connection says that it is", async () => {
  await sentBefore();
  const { maxRequestsPerSocket } = api.server;
  api.server.maxRequestsPerSocket = 3;
  const own = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    const said: unknown[] = [];
    for (let each = 0; each < 3; each++) said.push((await over({}, own)).headers["connection"]);
    expect(said).toEqual(["keep-alive", "keep-alive", "close"]);
  } finally {
    api.server.maxRequestsPerSocket = maxRequestsPerSocket;
    own.destroy();
  }
});
