import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createIdentity } from "../../api/identity/identity.ts";
import { secretKey } from "../../api/identity/keys.ts";
import { drawProductImage, imageHash } from "../../api/image.ts";
import { untilReached } from "../../ops/verify/verify.ts";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { createWorld, type Running } from "../verify/world.ts";
import { hmac, jws } from "./identity/issuer.ts";

/** Who a caller is, and what that changes; what it changes for caches is in cache-matrix.test.ts. */

const noon = Date.parse("2026-11-23T12:00:00Z");
const secret = "a secret of more than thirty-two bytes";
const bearer = (sub: string) =>
  `Bearer ${jws({ alg: "HS256" }, { sub, exp: noon / 1_000 + 60 }, hmac(secret))}`;

let api: FastifyInstance;
let projecting: Running;
beforeAll(async () => {
  const world = createWorld(createMemoryReadModel(), noon);
  await world.publish([
    { subject: "catalog.category.modified.light", payload: '{"name":"Lighting"}' },
    { subject: "catalog.product.modified.lamp", payload: '{"title":"Lamp","category_ids":["light"]}' },
  ]);
  projecting = world.project();
  await untilReached(world, (await world.catalog.bounds()).last);
  api = world.api({ identity: createIdentity({ keys: secretKey(secret), now: () => noon }) });
});
afterAll(async () => {
  await api.close();
  await projecting.stop();
});

const get = (url: string, headers: Record<string, string> = {}) => api.inject({ url, headers });
test("a token that was sent and is not good never becomes anybody", async () => {
  for (const path of [
    "/api/products/lamp",
    "/api/products?ids=lamp",
    "/api/categories",
    "/api/products/nobody",
  ]) {
    const { statusCode, headers, body } = await get(path, { authorization: "Bearer a.b.c" });
    expect([path, statusCode, headers["www-authenticate"], headers["cache-control"]]).toEqual([
      path,
      401,
      "Bearer",
      "no-store",
    ]);
    expect(JSON.parse(body)).toEqual({
      type: "urn:shelfwire:problem:unauthorized",
      title: "You are not signed in",
      status: 401,
      detail: "send a valid bearer token in Authorization",
    });
  }
});

test("what is for users answers 401 to others, and only users learn what is not there", async () => {
  for (const path of ["/api/me", "/api/me/cart", "/api/checkout/quotes"]) {
    for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"] as const) {
      const without = await api.inject({ method, url: path });
      const known = await api.inject({ method, url: path, headers: { authorization: bearer("ann") } });
      expect([method, path, without.statusCode, known.statusCode]).toEqual([method, path, 401, 404]);
    }
  }
});

test("images and probes have no callers", async () => {
  const image = await get(`/images/lamp/${imageHash("lamp" as Identifier)}.svg`, {
    authorization: "Basic x",
  });
  expect([image.statusCode, image.body]).toEqual([200, drawProductImage("lamp" as Identifier)]);
  expect((await get("/healthz", { authorization: "Basic x" })).statusCode).toBe(200);
});

test("a method that a resource lacks is answered with those that it has", async () => {
  const answer = await api.inject({ method: "DELETE", url: "/api/products/lamp" });
  expect([answer.statusCode, answer.headers["allow"]]).toEqual([405, "GET, HEAD"]);
});
