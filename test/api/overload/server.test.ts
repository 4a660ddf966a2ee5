import { Agent, type IncomingMessage, request as httpRequest } from "node:http";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Admission, Visitor } from "../../../api/admission.ts";
import { untilReached } from "../../../ops/verify/verify.ts";
import { createMemoryReadModel } from "../../../projections/memory/read-model.ts";
import { createWorld, type Running } from "../../verify/world.ts";

/** What a client sees of the admission, which here does with each request what the test says. */

let what: "start" | "refuse" | "keep";
let kept: Visitor[];
let left: number;
const admission: Admission = {
  counters: { admitted: 0, refused: 0, abandoned: 0, limit: 0, inFlight: 0, waiting: 0 },
  enter(visitor) {
    if (what === "keep") kept.push(visitor);
    else visitor[what]();
    return () => {
      left++;
    };
  },
  tick() {},
};

let api: FastifyInstance;
let projecting: Running;
let port: number;

beforeAll(async () => {
  const world = createWorld(createMemoryReadModel(), Date.parse("2026-11-23T12:00:00Z"));
  await world.publish([{ subject: "catalog.product.modified.lamp", payload: '{"title":"Lamp"}' }]);
  projecting = world.project();
  await untilReached(world, (await world.catalog.bounds()).last);
  api = world.api({ admission });
  await api.listen({ host: "127.0.0.1", port: 0 });
  port = (api.server.address() as { port: number }).port;
});
afterAll(async () => {
  await api.close();
  await projecting.stop();
});
beforeEach(() => {
  kept = [];
  left = 0;
});

const price = "/api/products/lamp/price";

interface Asked {
  readonly method?: string;
  readonly body?: string;
  readonly agent?: Agent;
}

/** The answer, and the client's port as the mark of the connection. */
function ask(path: string, { method = "GET", body, agent = new Agent() }: Asked = {}) {
  return new Promise<{ status: number; headers: IncomingMessage["headers"]; text: string; from: number }>(
    (resolve, reject) => {
      const headers = body === undefined ? {} : { "content-type": "application/json" };
      const asked = httpRequest({ port, path, method, agent, headers }, async (response) => {
        const from = response.socket.localPort ?? 0;
        const parts: Buffer[] = [];
        for await (const part of response) parts.push(part as Buffer);
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, text: Buffer.concat(parts).toString(), from });
      });
      asked.on("error", reject).end(body);
    },
  );
}

test("a refusal is a problem document that says when to come back", async () => {
  what = "refuse";
  const { status, headers, text } = await ask(price);
  const ofConnection = new Set(["date", "connection", "keep-alive"]);
  const own = Object.entries(headers).filter(([name]) => !ofConnection.has(name));
  expect([status, Object.fromEntries(own)]).toEqual([
    503,
    {
      "cache-control": "no-store",
      "content-type": "application/problem+json",
      "retry-after": "1",
      "content-length": String(text.length),
    },
  ]);
  expect(JSON.parse(text)).toEqual({
    type: "urn:shelfwire:problem:overloaded",
    title: expect.any(String),
    status: 503,
    detail: expect.any(String),
  });
});

test.each([
  ["GET", undefined],
  ["HEAD", undefined],
  ["POST", '{"product_id":"lamp"}'],
  ["POST", "x".repeat(1_000_000)],
])("after a refused %s the connection goes on", async (method, body) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  what = "refuse";
  const refused = await ask(price, { method, agent, ...(body !== undefined && { body }) });
  expect([refused.status, refused.text === ""]).toEqual([503, method === "HEAD"]);
  what = "start";
  const answered = await ask(price, { agent });
  expect([answered.status, answered.from]).toEqual([200, refused.from]);
  agent.destroy();
});

test("whether the process lives and is ready is told", async () => {
  what = "refuse";
  const asked = ["/healthz", "/readyz", "/readyz?x=1", "/healthzz"].map(
    async (path) => (await ask(path)).status,
  );
  expect(await Promise.all(asked)).toEqual([200, 200, 200, 503]);
});

test("what is held is answered", async () => {
  what = "start";
  await ask("/api/products/lamp");
  what = "refuse";
  const { status, headers } = await ask("/api/products/lamp");
  expect([status, headers["cache-status"]]).toEqual([200, "shelfwire; hit; detail=memory"]);
});

test("who waits is answered later as at once, and whose client goes away has left", async () => {
  what = "start";
  const atOnce = await ask(price);
  what = "keep";
  const agent = new Agent();
  const waiting = ask(price, { agent });
  await expect.poll(() => kept.length).toBe(1);
  kept[0]?.start();
  const { status, text } = await waiting;
  expect([status, text]).toEqual([200, atOnce.text]);
  await expect.poll(() => left).toBe(2);

  const gone = httpRequest({ port, path: price, agent }).on("error", () => {});
  gone.end();
  await expect.poll(() => kept.length).toBe(2);
  gone.destroy();
  await expect.poll(() => left).toBe(3);
});

test("who names a version may be waiting for it", async () => {
  what = "keep";
  const asked = [{}, { "Catalog-Min-Version": "CATALOG/1" }].map((headers) =>
    httpRequest({ port, path: price, headers }).on("error", () => {}),
  );
  for (const [at, one] of asked.entries()) {
    one.end();
    await expect.poll(() => kept.length).toBe(at + 1);
  }
  expect(kept.map(({ telling }) => telling)).toEqual([true, false]);
  for (const one of asked) one.destroy();
});
