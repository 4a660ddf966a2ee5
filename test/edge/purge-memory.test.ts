import type { ServerResponse } from "node:http";
import { setTimeout as until } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { productHeaders, startOrigin, startTestEdge, type Origin, type TestEdge } from "./edges.ts";

/** How long a purge is remembered: from the last one of its tag, whatever came before. */

let origin: Origin;
let edge: TestEdge;
beforeAll(async () => {
  origin = await startOrigin();
  edge = await startTestEdge([origin.url]);
});
afterAll(async () => {
  await edge.stop();
  await origin.stop();
});

const give = (response: ServerResponse, tag: string, text: string, headers = {}) =>
  response.writeHead(200, { ...productHeaders, "surrogate-key": tag, ...headers }).end(text);
const read = async (path: string) => (await edge.ask(path)).text;

test("a second purge guards what is under way for as long as a first one", async () => {
  const path = "/api/products/twice";
  const asked = Promise.withResolvers<ServerResponse>();
  origin.answer = (_, response) => asked.resolve(response);
  await edge.purge("product-twice");
  // The memory of the first purge ends before the answer arrives, that of the second does not.
  await until(1_600);
  const first = read(path);
  const response = await asked.promise;
  await edge.purge("product-twice");
  await until(600);
  give(response, "product-twice", "old");
  expect(await first).toBe("old");
  origin.answer = (_, later) => give(later, "product-twice", "new");
  await expect.poll(() => read(path), { timeout: 3_000 }).toBe("new");
});

test("an answer that takes longer than a purge is remembered is not kept for long", async () => {
  const path = "/api/products/slow";
  const asked = Promise.withResolvers<ServerResponse>();
  origin.answer = (_, response) => asked.resolve(response);
  const first = read(path);
  const response = await asked.promise;
  await edge.purge("product-slow");
  await until(2_300);
  give(response, "product-slow", "old");
  expect(await first).toBe("old");
  origin.answer = (_, later) => give(later, "product-slow", "new");
  await expect.poll(() => read(path), { timeout: 3_000 }).toBe("new");
});

test("a second purge reaches what is past its lifetime for as long as a first one", async () => {
  const path = "/api/products/again";
  const lifetime = { "cdn-cache-control": "public, max-age=1, stale-while-revalidate=60" };
  const startedAt = Date.now();
  await edge.purge("product-again");
  await until(2_500);
  origin.answer = (_, response) => give(response, "product-again", "old", lifetime);
  await read(path);
  await until(2_000);
  await edge.purge("product-again");
  await until(startedAt + 31_000 - Date.now());
  origin.answer = (_, response) => give(response, "product-again", "new", lifetime);
  expect(await read(path)).toBe("new");
}, 60_000);
