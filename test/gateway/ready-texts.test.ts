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
  api = world.api();
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

function over(headers: Record<string, string> = {}, by: Agent | false = agent, of = path): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ port, path: of, headers, agent: by }, async (response) => {
      const { statusCode: status, headers: own } = response;
      resolve({ status, headers: { ...own }, body: await text(response) });
    });
    request.on("error", reject).end();
  });
}

/** By the route, which makes each answer anew. */
async function anew(of = path): Promise<Answer> {
  const { statusCode: status, headers, body } = await api.inject(of);
  return { status, headers, body };
}

const ofConnection = ["connection", "keep-alive", "date"];
const withoutConnection = ({ headers, ...rest }: Answer) => ({
  ...rest,
  headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !ofConnection.includes(name))),
});

test("the second one in a moment is the first one's text, to the last header", async () => {
  await anew();
  const first = await over();
  const made = heads.mock.calls.length;
  const second = await over();
  expect(heads.mock.calls.length).toBe(made);
  expect(first.headers).toMatchObject({
    "cache-status": "shelfwire; hit; detail=memory",
    connection: "keep-alive",
    "keep-alive": expect.stringMatching(/^timeout=\d+, max=\d+$/),
    date: expect.stringMatching(/ GMT$/),
  });
  expect(second).toEqual(first);
  expect(second.body).toContain("Lampe ☂");
});

test("whatever the clock and the log change in it is in the next one", async () => {
  const random = createRandom(1, 1);
  let texts = 0;
  while (world.clock.now < noon + 60_000) {
    world.clock.now += random.between(0, 700);
    if (random.chance(0.1)) {
      await publish("price.updated.lamp", { new_price: { amount: random.between(5, 99), currency: "GBP" } });
      await level();
    }
    if (random.chance(0.1)) await publish("product.modified.other", { title: "Another" });
    await anew();
    for (let each = 0; each < 3; each++) {
      // What a request has looked at behind it may move its age at any moment.
      const before = withoutConnection(await anew());
      heads.mockClear();
      const given = withoutConnection(await over());
      if (heads.mock.calls.length === 0) texts++;
      expect([before, withoutConnection(await anew())]).toContainEqual(given);
    }
  }
  expect(texts).toBeGreaterThan(100);
});

test("each view has a text of its own", async () => {
  const details = `${path}?view=details`;
  for (const each of [path, details, path, details]) {
    await anew(each);
    await over({}, agent, each);
    expect(withoutConnection(await over({}, agent, each))).toEqual(withoutConnection(await anew(each)));
  }
});

test("who has it already is told so", async () => {
  const { headers } = await over();
  const { etag } = headers as { etag: string };
  expect(await over({ "if-none-match": etag })).toMatchObject({ status: 304, body: "" });
  expect(await over({ "if-none-match": '"other"' })).toMatchObject({ status: 200 });
});

test("who wants the connection to end has it ended", async () => {
  await over();
  expect((await over({ connection: "close" }, false)).headers).toMatchObject({ connection: "close" });
  expect((await over()).headers).toMatchObject({ connection: "keep-alive" });
});

test("so has who speaks HTTP/1.0", async () => {
  await over();
  const socket = connect(port, "127.0.0.1").on("connect", () => socket.write(`GET ${path} HTTP/1.0\r\n\r\n`));
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\nConnection: close\r\n/i);
});

test("the last answer of a connection says that it is", async () => {
  await over();
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
