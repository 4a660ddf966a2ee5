import type { FastifyInstance } from "fastify";
import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createIdentity } from "../../api/identity/identity.ts";
import { secretKey } from "../../api/identity/keys.ts";
import { untilReached } from "../../ops/verify/verify.ts";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import { createWorld, type Running, type World } from "../verify/world.ts";

/** The short way and the route give the same answer; what is unusual is left to the route. */

const noon = Date.parse("2026-11-23T12:00:00Z");
let world: World;
let api: FastifyInstance;
let port: number;
let projecting: Running;

beforeAll(async () => {
  world = createWorld(createMemoryReadModel(), noon);
  await world.publish([
    { subject: "catalog.product.modified.lamp", payload: '{"title":"Lampe ☂"}' },
    { subject: "catalog.price.updated.lamp", payload: '{"new_price":{"amount":5,"currency":"GBP"}}' },
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
  port = (api.server.address() as { port: number }).port;
});
afterAll(async () => {
  await api.close();
  await projecting.stop();
});

interface Answer {
  readonly status: number;
  readonly headers: object;
  readonly body: string;
}

/** Over the network, where the short way is. */
function over(
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
  to = port,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ port: to, path, method, headers, agent: false }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      resolve({
        status: response.statusCode ?? 0,
        headers: stripped(response.headers),
        body: Buffer.concat(chunks).toString(),
      });
    });
    request.on("error", reject).end();
  });
}

/** By the route: an injected request does not arrive at the port. */
async function route(url: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  const answer = await api.inject({ url, headers, method: method as "GET" });
  return { status: answer.statusCode, headers: stripped(answer.headers), body: answer.body };
}

/** Without what belongs to the connection. */
function stripped(headers: object): object {
  const ofConnection = new Set(["date", "connection", "keep-alive"]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ofConnection.has(name)));
}

const lamp = "/api/products/lamp";
const details = `${lamp}?view=details`;

test.each([lamp, details])("%s is the same by both ways, also as a 304", async (path) => {
  await route(path);
  const byRoute = await route(path);
  expect(byRoute.headers).toMatchObject({ "cache-status": "shelfwire; hit; detail=memory" });
  expect(await over(path)).toEqual(byRoute);
  const { etag } = byRoute.headers as { etag: string };
  for (const validator of [etag, `W/${etag}`, `"x", ${etag}`, "*", '"x"']) {
    const known = await route(path, { "if-none-match": validator });
    expect(await over(path, { "If-None-Match": validator })).toEqual(known);
  }
});

test.each([lamp, details])("%s is the same by both ways where it must be loaded", async (path) => {
  const [cold, another] = [world.api(), world.api()];
  await cold.listen({ host: "127.0.0.1", port: 0 });
  try {
    const loaded = await another.inject(path);
    const byRoute = { status: loaded.statusCode, headers: stripped(loaded.headers), body: loaded.body };
    expect(byRoute.headers).toMatchObject({ "cache-status": "shelfwire; hit; detail=redis" });
    const coldPort = (cold.server.address() as { port: number }).port;
    expect(await over(path, {}, "GET", coldPort)).toEqual(byRoute);
  } finally {
    await Promise.all([cold.close(), another.close()]);
  }
});

test("a product that does not exist is left to the route", async () => {
  const byRoute = await route("/api/products/ghost");
  expect(byRoute).toMatchObject({ status: 404 });
  expect(await over("/api/products/ghost")).toEqual(byRoute);
});

test.each([
  ["a token that is not good", lamp, { authorization: "Bearer x" }, "GET", 401],
  ["a position beyond the log", lamp, { "catalog-min-version": "CATALOG/99" }, "GET", 400],
  ["headers beyond their limit", lamp, { "x-long": "x".repeat(9_000) }, "GET", 431],
  ["a body", lamp, { "content-length": "0" }, "GET", 200],
  ["another coding", lamp, { "content-encoding": "gzip" }, "GET", 415],
  ["HEAD", lamp, {}, "HEAD", 200],
  ["a method that it lacks", lamp, {}, "PUT", 405],
  ["an unknown parameter", `${lamp}?utm_source=1`, {}, "GET", 200],
  ["a view that there is not", `${lamp}?view=all`, {}, "GET", 400],
  ["an identifier in escapes", "/api/products/l%61mp", {}, "GET", 200],
])("%s is left to the route", async (_, path, headers, method, status) => {
  await route(lamp);
  const byRoute = await route(path, headers, method);
  expect(byRoute.status).toBe(status);
  expect((await over(path, headers, method)).status).toBe(status);
});
