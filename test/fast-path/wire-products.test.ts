import type { FastifyInstance } from "fastify";
import type { AddressInfo } from "node:net";
import { ServerResponse } from "node:http";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Admission, Visitor } from "../../api/admission.ts";
import { createReadiness } from "../../api/drain.ts";
import { untilReached } from "../../ops/verify/verify.ts";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import { createWorld, type Running, type World } from "../verify/world.ts";
import { type Connection, openConnection } from "./connection.ts";

/** Products off the wire stand where all other requests stand: before the rates, the admission, and the drain. */

const noon = Date.parse("2026-11-23T12:00:00Z");
const lamp = "/api/products/lamp";
const byNode = vi.spyOn(ServerResponse.prototype, "writeHead");
let world: World;
let projecting: Running;
let api: FastifyInstance | undefined;

beforeEach(async () => {
  world = createWorld(createMemoryReadModel(), noon);
  await world.publish([{ subject: "catalog.product.modified.lamp", payload: '{"title":"Lampe ☂"}' }]);
  projecting = world.project();
  await untilReached(world, (await world.catalog.bounds()).last);
});
afterEach(async () => {
  await api?.close();
  await projecting.stop();
});

/** A connection that has brought its first request. */
async function connectedTo(options: Parameters<World["api"]>[0] = {}): Promise<Connection> {
  api = world.api(options);
  await api.listen({ host: "127.0.0.1", port: 0 });
  const connection = await openConnection((api.server.address() as AddressInfo).port);
  await connection.get("/healthz");
  byNode.mockClear();
  return connection;
}

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
  if (api !== undefined) api.server.maxRequestsPerSocket = 4;
  const another = await openConnection((api?.server.address() as AddressInfo).port);
  const said: unknown[] = [];
  for (let each = 0; each < 4; each++) said.push((await another.get(lamp)).headers["connection"]);
  expect(said).toEqual(["keep-alive", "keep-alive", "keep-alive", "close"]);
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

test("a node that drains takes nothing off the wire, also not what it was about to answer", async () => {
  const readiness = createReadiness();
  const { admission, kept } = admissionThat({ now: "keep" });
  const connection = await connectedTo({ admission, readiness });
  const answer = connection.get(lamp);
  await vi.waitFor(() => expect(kept).toHaveLength(1));
  readiness.draining = true;
  readiness.endsWith = () => true;
  kept[0]?.start();
  // By the routes, for which it has to wait once more.
  await vi.waitFor(() => expect(kept).toHaveLength(2));
  kept[1]?.start();
  expect(await answer).toMatchObject({ status: 200, headers: { connection: "close" } });
  await connection.ended;
});
