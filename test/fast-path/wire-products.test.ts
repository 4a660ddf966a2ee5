import type { FastifyInstance } from "fastify";
import type { AddressInfo } from "node:net";
import { ServerResponse } from "node:http";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Admission, Visitor } from "../../api/admission.ts";
import { createReadiness, drain } from "../../api/drain.ts";
import { untilReached } from "../../ops/verify/verify.ts";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import { createWorld, type Running, type World } from "../verify/world.ts";
import { createRandom } from "../../ops/demo/random.ts";
import { type Answer, type Connection, openConnection } from "./connection.ts";

/** Products off the wire stand where all other requests stand: before the rates, the admission, and the drain. */

const noon = Date.parse("2026-11-23T12:00:00Z");
const lamp = "/api/products/lamp";
const byNode = vi.spyOn(ServerResponse.prototype, "writeHead");
let world: World;
let projecting: Running;
let api: FastifyInstance;

beforeEach(async () => {
  world = createWorld(createMemoryReadModel(), noon);
  await world.publish([{ subject: "catalog.product.modified.lamp", payload: '{"title":"Lampe ☂"}' }]);
  projecting = world.project();
  await untilReached(world, (await world.catalog.bounds()).last);
});
afterEach(async () => {
  await api.close();
  await projecting.stop();
});

/** A connection that has brought its first request. */
async function connectedTo(options: Parameters<World["api"]>[0] = {}): Promise<Connection> {
  api = world.api(options);
  await api.listen({ host: "127.0.0.1", port: 0 });
  const connection = await openConnection(port());
  await connection.get("/healthz");
  byNode.mockClear();
  return connection;
}

const port = () => (api.server.address() as AddressInfo).port;
const connections = () =>
  new Promise<number>((resolve) => api.server.getConnections((_, count) => resolve(count)));

/** An admission that does what the test says, and how often it was told that somebody left. */
function admissionThat(what: { now: "start" | "refuse" | "keep" }) {
  const kept: Visitor[] = [];
  const left = vi.fn();
  const admission: Admission = {
    counters: { admitted: 0, refused: 0, abandoned: 0, limit: 0, inFlight: 0, waiting: 0 },
    enter(visitor) {
      if (what.now === "keep") kept.push(visitor);
      else visitor[what.now]();
      return left;
    },
    tick() {},
  };
  return { admission, kept, left };
}

test("what is held is sent as it was a moment ago", async () => {
  const connection = await connectedTo();
  await connection.get(lamp);
  const first = await connection.get(lamp);
  expect(first).toMatchObject({
    status: 200,
    headers: {
      "cache-status": "shelfwire; hit; detail=memory",
      connection: "keep-alive",
      "keep-alive": expect.stringMatching(/^timeout=\d+, max=\d+$/),
      date: "Mon, 23 Nov 2026 12:00:00 GMT",
    },
  });
  expect(first.body).toContain("Lampe ☂");
  for (let each = 0; each < 5; each++) expect(await connection.get(lamp)).toEqual(first);
  world.clock.now += 1_000;
  expect((await connection.get(lamp)).headers["date"]).toBe("Mon, 23 Nov 2026 12:00:01 GMT");
  expect(byNode).not.toHaveBeenCalled();
});

test("the last one of a connection says that it is, also where it was sent before", async () => {
  const connection = await connectedTo();
  for (let each = 0; each < 4; each++) await connection.get(lamp);
  api.server.maxRequestsPerSocket = 4;
  const another = await openConnection(port());
  const said: unknown[] = [];
  for (let each = 0; each < 4; each++) said.push((await another.get(lamp)).headers["connection"]);
  expect(said).toEqual(["keep-alive", "keep-alive", "keep-alive", "close"]);
});

test("who has it already is told so, also where its text is kept", async () => {
  const connection = await connectedTo();
  for (let each = 0; each < 4; each++) await connection.get(lamp);
  const { etag } = (await connection.get(lamp)).headers;
  expect(await connection.get(lamp, [`If-None-Match: ${etag}`])).toMatchObject({ status: 304, body: "" });
  expect(await connection.get(lamp, ['If-None-Match: "other"'])).toMatchObject({ status: 200 });
});

test("when purges begin to fail, the next one is told the shorter lifetime", async () => {
  const edge = { isShort: false };
  const connection = await connectedTo({ edge });
  const lifetime = async () => (await connection.get(lamp)).headers["cdn-cache-control"];
  for (let each = 0; each < 4; each++) expect(await lifetime()).toMatch(/^public, max-age=25/);
  edge.isShort = true;
  expect(await lifetime()).toBe("public, max-age=5");
  edge.isShort = false;
  expect(await lifetime()).toMatch(/^public, max-age=25/);
});

test("what is asked for all the time is what the route says, whatever the clock and the log change", async () => {
  const connection = await connectedTo();
  const random = createRandom(1, 1);
  const ofConnection = ["connection", "keep-alive", "date"];
  const own = ({ status, headers, body }: Answer) => ({
    status,
    body,
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !ofConnection.includes(name))),
  });
  const anew = async () => {
    const { statusCode: status, headers, body } = await api.inject(lamp);
    return own({ status, headers, body } as Answer);
  };
  const publish = async (subject: string, payload: object) => {
    await world.publish([{ subject: `catalog.${subject}`, payload: JSON.stringify(payload) }]);
    await untilReached(world, (await world.catalog.bounds()).last);
  };
  const price = { amount: 5, currency: "GBP" };
  await publish("price.updated.lamp", { new_price: price });
  await publish("sale.scheduled.friday", {
    starts_at: "2026-11-23T12:00:20.250Z",
    ends_at: "2026-11-23T12:00:41.750Z",
    items: [{ product_id: "lamp", sale_price: { ...price, amount: 4 } }],
  });
  while (world.clock.now < noon + 60_000) {
    world.clock.now += random.between(0, 700);
    // It is put back now and then.
    if (random.chance(0.02)) world.clock.now -= 2_000;
    if (random.chance(0.1))
      await publish("price.updated.lamp", { new_price: { ...price, amount: random.between(5, 99) } });
    if (random.chance(0.05)) {
      const sells_out_at = new Date(world.clock.now + 2_000).toISOString();
      await publish("inventory.changed.lamp", { new_quantity: random.between(1, 9), sells_out_at });
    }
    for (let each = 0; each < 4; each++) {
      // What a request has looked at behind it may move its age at any moment.
      const before = await anew();
      const given = await connection.get(lamp);
      expect([before, await anew()]).toContainEqual(own(given));
      expect(given.headers["date"]).toBe(new Date(world.clock.now).toUTCString());
    }
  }
});

test("who is refused by the admission is told the same as by Node, and may go on", async () => {
  const what: { now: "start" | "refuse" } = { now: "refuse" };
  const connection = await connectedTo({ admission: admissionThat(what).admission });
  const refused = await connection.get(lamp);
  expect(byNode).not.toHaveBeenCalled();
  const { headers, ...rest } = await connection.get(`${lamp}/price`);
  expect(byNode).toHaveBeenCalledOnce();
  // Its date is by Node's clock, which is not the world's.
  expect(refused).toEqual({ ...rest, headers: { ...headers, date: "Mon, 23 Nov 2026 12:00:00 GMT" } });
  expect(refused).toMatchObject({ status: 503, headers: { "retry-after": "1", connection: "keep-alive" } });
  what.now = "start";
  expect((await connection.get(lamp)).status).toBe(200);
});

test("who waits is answered once it may begin, and has left then", async () => {
  const what: { now: "start" | "keep" } = { now: "keep" };
  const { admission, kept, left } = admissionThat(what);
  const connection = await connectedTo({ admission });
  const answer = connection.get(lamp);
  await vi.waitFor(() => expect(kept).toHaveLength(1));
  expect(left).not.toHaveBeenCalled();
  kept[0]?.start();
  expect(await answer).toMatchObject({ status: 200, body: expect.stringContaining("Lampe ☂") });
  expect(left).toHaveBeenCalledOnce();
  expect(byNode).not.toHaveBeenCalled();
});

test("who goes away while it waits has left, once", async () => {
  const { admission, kept, left } = admissionThat({ now: "keep" });
  const connection = await connectedTo({ admission });
  const answer = connection.get(lamp);
  await vi.waitFor(() => expect(kept).toHaveLength(1));
  connection.socket.destroy();
  await expect(answer).rejects.toThrow("ended");
  await vi.waitFor(() => expect(left).toHaveBeenCalledOnce());
});

test("who goes away while it is being loaded has left, once", async () => {
  const { admission, left } = admissionThat({ now: "start" });
  const loading = Promise.withResolvers<void>();
  const asked = vi.spyOn(world.readModel, "readAnswers").mockImplementation(async (ids) => {
    await loading.promise;
    return ids.map(() => ({ position: undefined, answer: undefined }));
  });
  const connection = await connectedTo({ admission });
  const answer = connection.get(lamp);
  await vi.waitFor(() => expect(asked).toHaveBeenCalled());
  connection.socket.destroy();
  await expect(answer).rejects.toThrow("ended");
  await vi.waitFor(async () => expect(await connections()).toBe(0));
  expect(left).not.toHaveBeenCalled();
  loading.resolve();
  await vi.waitFor(() => expect(left).toHaveBeenCalledOnce());
});

test("an answer that fails on its way out ends its connection, and nothing else", async () => {
  const heat = { asked: vi.fn(), given: vi.fn(), close: vi.fn() };
  const { admission, left } = admissionThat({ now: "start" });
  const connection = await connectedTo({ heat, admission });
  heat.asked.mockImplementationOnce(() => {
    throw new Error("a defect");
  });
  await connection.get(lamp);
  await connection.ended;
  expect(left).toHaveBeenCalledOnce();
  const another = await openConnection(port());
  expect((await another.get(lamp)).status).toBe(200);
});

test("what the routes must answer has left before it comes there, and enters anew", async () => {
  const { admission, left } = admissionThat({ now: "start" });
  const connection = await connectedTo({ admission });
  expect((await connection.get("/api/products/ghost")).status).toBe(404);
  await vi.waitFor(() => expect(left).toHaveBeenCalledTimes(2));
});

test("who asks too much is left to be refused, and others are not", async () => {
  const refused = new Set<string>();
  const rateLimit = {
    refusesAny: () => refused.size > 0,
    refuses: ({ key }: { readonly key: string }) => refused.has(key),
    close: () => {},
  };
  const connection = await connectedTo({ rateLimit, trustedProxies: ["127.0.0.1"] });
  const statusFor = async (address: string) =>
    (await connection.get(lamp, [`X-Forwarded-For: 9.9.9.9, ${address}`])).status;
  await connection.get(lamp);
  byNode.mockClear();
  refused.add("address:192.0.2.1");
  expect([await statusFor("192.0.2.2"), byNode.mock.calls.length]).toEqual([200, 0]);
  expect([await statusFor("192.0.2.1"), byNode.mock.calls.length]).toEqual([429, 1]);
  expect([await statusFor("192.0.2.2"), byNode.mock.calls.length]).toEqual([200, 1]);
});

test("a read counts for whom a trusted proxy names", async () => {
  const heat = { asked: vi.fn(), given: vi.fn(), close: vi.fn() };
  const connection = await connectedTo({ heat, trustedProxies: ["127.0.0.1"] });
  await connection.get(lamp, ["X-Forwarded-For: 9.9.9.9", "X-Forwarded-For: 192.0.2.7"]);
  await connection.get(lamp);
  const counted = heat.asked.mock.calls.map(([{ key }, endpoint, product]) => [key, endpoint?.key, product]);
  expect(counted).toEqual([
    ["address:192.0.2.7", "GET /api/products/:id", "lamp"],
    ["address:127.0.0.1", "GET /api/products/:id", "lamp"],
  ]);
});

test("a node that drains takes nothing off the wire", async () => {
  const readiness = createReadiness();
  const connection = await connectedTo({ readiness });
  for (let each = 0; each < 3; each++) await connection.get(lamp);
  expect(byNode).not.toHaveBeenCalled();
  readiness.draining = true;
  readiness.endsWith = () => true;
  expect(await connection.get(lamp)).toMatchObject({ status: 200, headers: { connection: "close" } });
  await connection.ended;
});

test("a node that drains answers what it had taken, however long that waits, and counts it once", async () => {
  const readiness = createReadiness();
  const heat = { asked: vi.fn(), given: vi.fn(), close: vi.fn() };
  const { admission, kept } = admissionThat({ now: "keep" });
  const connection = await connectedTo({ admission, readiness, heat });
  const answer = connection.get(lamp);
  await vi.waitFor(() => expect(kept).toHaveLength(1));
  const drained = drain(api.server, readiness, 0);
  // It is Node's from then on, and waits there.
  await vi.waitFor(() => expect(kept).toHaveLength(2));
  // Whoever waited here may still be told to begin.
  kept[0]?.start();
  kept[1]?.start();
  expect(await answer).toMatchObject({ status: 200, headers: { connection: "close" } });
  await drained;
  expect(heat.asked).toHaveBeenCalledOnce();
});
