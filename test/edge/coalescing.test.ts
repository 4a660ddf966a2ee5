import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Origin, productHeaders, startOrigin, startTestEdge, type TestEdge } from "./edges.ts";

/** Many who want the same at once, and one who asks for them. */

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

const readers = 200;
/** Once the last reader's request has arrived, a purge that comes behind it has been answered. */
const crowd = async (path: string, waiting: ServerResponse[], give: (response: ServerResponse) => void) => {
  origin.answer = (_, response) => waiting.push(response);
  const all = Array.from({ length: readers }, () => edge.ask(path));
  await expect.poll(() => waiting.length).toBe(1);
  origin.answer = (_, response) => {
    waiting.push(response);
    give(response);
  };
  const [first] = waiting;
  if (first !== undefined) give(first);
  return Promise.all(all);
};

test("a cold key costs the API one request", async () => {
  const waiting: ServerResponse[] = [];
  const answers = await crowd("/api/products/cold", waiting, (response) =>
    response.writeHead(200, productHeaders).end("{}"),
  );
  expect([waiting.length, new Set(answers.map(({ text }) => text))]).toEqual([1, new Set(["{}"])]);
  expect(answers.filter(({ edge: member }) => member.endsWith("collapsed")).length).toBeGreaterThan(0);
  expect((await edge.ask("/api/products/cold")).edge).toMatch(/^edge; hit; ttl=2\d$/);
});

test("so does a purged one", async () => {
  const give = (response: ServerResponse) =>
    response.writeHead(200, { ...productHeaders, "surrogate-key": "product-purged" }).end("{}");
  origin.answer = (_, response) => give(response);
  await edge.ask("/api/products/purged");
  await edge.purge("product-purged");
  const waiting: ServerResponse[] = [];
  await crowd("/api/products/purged", waiting, give);
  // Who came a quarter of a second after the answer asks anew.
  expect(waiting.length).toBeLessThan(readers / 4);
});

test("an error is shared by those who wait for it, and stored for nobody", async () => {
  const waiting: ServerResponse[] = [];
  const refuse = (response: ServerResponse) =>
    response.writeHead(503, { "cache-control": "no-store", "retry-after": "7" }).end("busy");
  const answers = await crowd("/api/products/failing", waiting, refuse);
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`))).toEqual(new Set(["503 busy"]));
  // Who came only after the answer had been given asks for himself.
  expect(waiting.length).toBeLessThan(readers / 4);
  const before = waiting.length;
  expect((await edge.ask("/api/products/failing")).headers["retry-after"]).toBe("7");
  expect(waiting.length).toBe(before + 1);
  origin.answer = (_, response) => response.writeHead(200, productHeaders).end("{}");
  expect((await edge.ask("/api/products/failing")).status).toBe(200);
});

test("an answer that must not be stored lines nobody up", async () => {
  let most = 0;
  const held: ServerResponse[] = [];
  origin.answer = (_, response) => {
    held.push(response);
    most = Math.max(most, held.length);
    if (held.length < 20) return;
    for (const each of held.splice(0)) each.writeHead(200, { "cache-control": "no-store" }).end("{}");
  };
  await Promise.all(Array.from({ length: 20 }, () => edge.ask("/api/products/lamp/price")));
  expect(most).toBe(20);
});
