import type { FastifyInstance } from "fastify";
import type { AddressInfo } from "node:net";
import { ServerResponse } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createIdentity } from "../../api/identity/identity.ts";
import { secretKey } from "../../api/identity/keys.ts";
import { untilReached } from "../../ops/verify/verify.ts";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import { createWorld, type Running, type World } from "../verify/world.ts";
import { type Answer, head, openConnection } from "./connection.ts";

/**
 * The short ways and the route give the same answer: the one for a connection's first request, and the one off the wire
 * for those behind it. What is unusual is left to the route.
 */

const noon = Date.parse("2026-11-23T12:00:00Z");
let world: World;
let api: FastifyInstance;
let projecting: Running;

beforeAll(async () => {
  world = createWorld(createMemoryReadModel(), noon);
  await world.publish([
    { subject: "catalog.product.modified.lamp", payload: '{"title":"Lampe ☂"}' },
    { subject: "catalog.price.updated.lamp", payload: '{"new_price":{"amount":5,"currency":"GBP"}}' },
    {
      subject: "catalog.product.modified.large",
      payload: JSON.stringify({ title: "Groß", description: "☂".repeat(9_000) }),
    },
    {
      subject: "catalog.sale.scheduled.friday",
      payload: JSON.stringify({
        starts_at: "2026-11-23T13:00:00Z",
        ends_at: "2026-11-24T13:00:00Z",
        items: [{ product_id: "lamp", sale_price: { amount: 4, currency: "GBP" } }],
      }),
    },
  ]);
  projecting = world.project();
  await untilReached(world, (await world.catalog.bounds()).last);
  const keys = secretKey("a secret of more than thirty-two bytes");
  api = world.api({ identity: createIdentity({ keys, now: () => noon }) });
  await api.listen({ host: "127.0.0.1", port: 0 });
});
afterAll(async () => {
  await api.close();
  await projecting.stop();
});

/** How many answers Node's own objects have sent. */
const byNode = vi.spyOn(ServerResponse.prototype, "writeHead");
beforeEach(() => void byNode.mockClear());

const portOf = ({ server }: FastifyInstance) => (server.address() as AddressInfo).port;

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly of?: FastifyInstance;
}
type Way = (path: string, asked?: Asked) => Promise<Answer>;

async function over(isFirst: boolean, path: string, { method = "GET", headers = {}, of = api }: Asked) {
  const connection = await openConnection(portOf(of));
  if (!isFirst) {
    connection.write(head("GET /nowhere"));
    await connection.next();
  }
  byNode.mockClear();
  connection.write(
    head(
      `${method} ${path}`,
      Object.entries(headers).map((header) => header.join(": ")),
    ),
  );
  const answer = await connection.next(method !== "HEAD");
  connection.socket.destroy();
  return withoutConnection(answer);
}

/** By the route: an injected request does not arrive at the port. */
async function route(url: string, { method = "GET", headers = {}, of = api }: Asked = {}): Promise<Answer> {
  const answer = await of.inject({ url, headers, method: method as "GET" });
  return withoutConnection({
    status: answer.statusCode,
    headers: answer.headers,
    body: answer.body,
  } as Answer);
}

/** An injected request has no connection, and a date by another clock than the world's. */
function withoutConnection({ headers, ...rest }: Answer): Answer {
  const own = Object.entries(headers).filter(
    ([name]) => !["date", "connection", "keep-alive"].includes(name),
  );
  return { ...rest, headers: Object.fromEntries(own) };
}

const lamp = "/api/products/lamp";
const products = [lamp, `${lamp}?view=details`, "/api/products/large"];

describe.each([
  ["a connection's first request", true],
  ["one off the wire", false],
])("%s", (_, isFirst) => {
  const way: Way = (path, asked = {}) => over(isFirst, path, asked);
  const expectShort = () => expect(byNode).toHaveBeenCalledTimes(isFirst ? 1 : 0);

  test.each(products)("%s is the same as by its route, also as a 304", async (path) => {
    await route(path);
    const byRoute = await route(path);
    expect(byRoute.headers).toMatchObject({ "cache-status": "shelfwire; hit; detail=memory" });
    expect(await way(path)).toEqual(byRoute);
    expectShort();
    const { etag } = byRoute.headers as { etag: string };
    for (const validator of [etag, `W/${etag}`, `"x", ${etag}`, "*", '"x"']) {
      const headers = { "If-None-Match": validator };
      const known = await route(path, { headers });
      expect(await way(path, { headers })).toEqual(known);
      expectShort();
    }
  });

  test.each(products)("%s is the same where it must be loaded", async (path) => {
    const [cold, another] = [world.api(), world.api()];
    await cold.listen({ host: "127.0.0.1", port: 0 });
    try {
      const byRoute = await route(path, { of: another });
      expect(byRoute.headers).toMatchObject({ "cache-status": "shelfwire; hit; detail=redis" });
      expect(await way(path, { of: cold })).toEqual(byRoute);
      expectShort();
    } finally {
      await Promise.all([cold.close(), another.close()]);
    }
  });

  test("a product that does not exist is left to the route", async () => {
    const byRoute = await route("/api/products/ghost");
    expect(byRoute).toMatchObject({ status: 404 });
    expect(await way("/api/products/ghost")).toEqual(byRoute);
  });

  test.each([
    ["a token that is not good", lamp, { authorization: "Bearer x" }, "GET", 401],
    ["a position beyond the log", lamp, { "catalog-min-version": "CATALOG/99" }, "GET", 400],
    ["headers beyond their limit", lamp, { "x-long": "x".repeat(9_000) }, "GET", 431],
    ["a body", lamp, { "content-length": "0" }, "GET", 200],
    ["another coding", lamp, { "content-encoding": "gzip" }, "GET", 415],
    ["HEAD", lamp, {}, "HEAD", 200],
    ["a method that it lacks", lamp, { "content-length": "0" }, "PUT", 405],
    ["an unknown parameter", `${lamp}?utm_source=1`, {}, "GET", 200],
    ["a view that there is not", `${lamp}?view=all`, {}, "GET", 400],
    ["an identifier in escapes", "/api/products/l%61mp", {}, "GET", 200],
  ])("%s is left to the route", async (_, path, headers, method, status) => {
    await route(lamp);
    const byRoute = await route(path, { headers, method } as Asked);
    expect(byRoute.status).toBe(status);
    expect(await way(path, { headers, method } as Asked)).toMatchObject({ status });
    expect(byNode).toHaveBeenCalledOnce();
  });
});
