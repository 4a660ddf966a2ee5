import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Origin, productHeaders, startOrigin, startTestEdge, type TestEdge } from "./edges.ts";

/** What the edge shows while the API cannot answer, and behind what it shows. */

let origin: Origin;
let other: Origin;
let edge: TestEdge;
beforeAll(async () => {
  origin = await startOrigin();
  other = await startOrigin();
  edge = await startTestEdge([origin.url]);
});
afterAll(async () => {
  await edge.stop();
  await Promise.all([origin.stop(), other.stop()]);
});

let version = 0;
const second = { ...productHeaders, "cdn-cache-control": "public, max-age=1" };
const give = (headers: Record<string, string>) => (_: unknown, response: ServerResponse) =>
  void response.writeHead(200, headers).end(String(version));
const refuse = (_: unknown, response: ServerResponse): void => {
  response.writeHead(503, { "cache-control": "no-store" }).end("refused");
};
beforeEach(() => {
  version = 1;
  origin.answer = give(second);
});
const untilPast = (path: string) =>
  expect.poll(async () => (await edge.ask(path)).edge, { timeout: 3_000, interval: 50 });

describe.each([
  ["breaks its connections", (_: unknown, response: ServerResponse): void => void response.destroy()],
  ["refuses", refuse],
  ["is silent", () => {}],
] as const)("an API that %s", (name, failing) => {
  const path = `/api/products/${name.replaceAll(" ", "-")}`;

  test("leaves what is stale to be shown, marked and for nobody to keep; then it is fresh again", async () => {
    await edge.ask(path);
    origin.answer = failing;
    await untilPast(path).toMatch(/detail=stale$/);
    const stale = await edge.ask(path);
    expect([stale.status, stale.text, stale.headers["cache-control"]]).toEqual([200, "1", "no-store"]);
    expect(stale.edge).toMatch(/^edge; hit; ttl=-?\d+; detail=stale$/);
    // However many want it: those who wait learn of the failure together.
    const crowd = await Promise.all(Array.from({ length: 50 }, () => edge.ask(path)));
    expect(new Set(crowd.map(({ status, text }) => `${status} ${text}`))).toEqual(new Set(["200 1"]));
    version = 2;
    origin.answer = give(second);
    await expect.poll(async () => (await edge.ask(path)).text, { timeout: 5_000 }).toBe("2");
    expect((await edge.ask(path)).headers["cache-control"]).toBe("public, max-age=5");
  });

  test("leaves what was purged to be shown as well", async () => {
    origin.answer = give({ ...productHeaders, "surrogate-key": "product-purged" });
    await edge.ask(`${path}-purged`);
    origin.answer = failing;
    expect(await edge.purge("product-purged")).toBeGreaterThan(0);
    const shown = await edge.ask(`${path}-purged`);
    expect([shown.status, shown.text, shown.headers["cache-control"]]).toEqual([200, "1", "no-store"]);
    version = 2;
    origin.answer = give(productHeaders);
    await expect.poll(async () => (await edge.ask(`${path}-purged`)).text, { timeout: 5_000 }).toBe("2");
  });
});

describe("a degraded answer, which the API wants nobody to store, takes the place of nothing that is kept", () => {
  const degraded = { "cache-control": "no-store", "cdn-cache-control": "no-store" };
  const dead = (_: unknown, response: ServerResponse): void => void response.destroy();

  test("behind what is shown while it is revalidated", async () => {
    const path = "/api/products/degraded-behind";
    const lifetime = "public, max-age=1, stale-while-revalidate=20";
    origin.answer = give({ ...productHeaders, "cdn-cache-control": lifetime });
    await edge.ask(path);
    version = 2;
    origin.answer = give(degraded);
    const before = origin.seen.length;
    await expect
      .poll(async () => (await edge.ask(path)) && origin.seen.length, { timeout: 3_000 })
      .toBeGreaterThan(before);
    origin.answer = dead;
    const later = await Promise.all(Array.from({ length: 5 }, () => edge.ask(path)));
    expect(later.map(({ status, text }) => `${status} ${text}`)).toEqual(Array(5).fill("200 1"));
  });

  test("nor what was purged: that is shown instead, marked", async () => {
    const path = "/api/products/degraded-purged";
    origin.answer = give({ ...productHeaders, "surrogate-key": "product-degraded" });
    await edge.ask(path);
    version = 2;
    origin.answer = give(degraded);
    expect(await edge.purge("product-degraded")).toBeGreaterThan(0);
    for (const answer of [give(degraded), dead]) {
      origin.answer = answer;
      const shown = await edge.ask(path);
      expect([shown.status, shown.text, shown.headers["cache-control"]]).toEqual([200, "1", "no-store"]);
      expect(shown.edge).toMatch(/detail=stale$/);
    }
    expect((await edge.ask("/api/products/degraded-unseen")).status).toBe(503);
    origin.answer = give(degraded);
    expect((await edge.ask("/api/products/degraded-new")).text).toBe("2");
  });
});

test.each([431, 429])(
  "a refusal that a request brought on itself, %i, takes the place of nothing, and keeps nobody from asking",
  async (status) => {
    const path = `/api/products/refused-${status}`;
    const answer = give({ ...productHeaders, "surrogate-key": `product-refused-${status}` });
    origin.answer = answer;
    await edge.ask(path);
    await edge.purge(`product-refused-${status}`);
    version = 2;
    origin.answer = (request, response) =>
      request.headers["x-much"] === undefined
        ? answer(request, response)
        : void response.writeHead(status, { "cache-control": "no-store" }).end();
    const shown = await edge.ask(path, { headers: { "x-much": "y" } });
    expect([shown.status, shown.text, shown.headers["cache-control"]]).toEqual([200, "1", "no-store"]);
    expect(await edge.ask(path)).toMatchObject({ status: 200, text: "2" });
  },
);

test("an API out of service is not asked for what can be shown, but for everything else", async () => {
  await edge.ask("/api/products/kept");
  origin.inService = false;
  await untilPast("/api/products/kept").toMatch(/detail=stale$/);
  const before = origin.seen.length;
  await Promise.all(Array.from({ length: 20 }, () => edge.ask("/api/products/kept")));
  expect(origin.seen.length).toBe(before);
  for (const path of ["/api/products/unseen", "/api/products/unseen/price"]) {
    expect((await edge.ask(path)).status).toBe(200);
  }
  origin.inService = true;
  await untilPast("/api/products/kept").not.toMatch(/stale/);
});

test("where there is nothing to show and nobody to ask, the edge says so in the API's own words", async () => {
  const alone = await startTestEdge(["http://127.0.0.1:1"]);
  try {
    for (const path of ["/api/products/unseen", "/api/me/cart"]) {
      const { status, headers, text } = await alone.ask(path);
      expect([status, headers["cache-control"], headers["retry-after"]]).toEqual([503, "no-store", "1"]);
      expect(headers["content-type"]).toBe("application/problem+json");
      expect(JSON.parse(text)).toMatchObject({ type: "urn:shelfwire:problem:unavailable", status: 503 });
    }
  } finally {
    await alone.stop();
  }
});

test("where the API forbids it, nothing stale is shown", async () => {
  origin.answer = give({ "cache-control": "public, max-age=1, must-revalidate" });
  await edge.ask("/page");
  origin.answer = refuse;
  await expect.poll(async () => (await edge.ask("/page")).status, { timeout: 3_000 }).toBe(503);
});

test("past its lifetime an answer is shown for its stale-while-revalidate, and asked for behind that", async () => {
  const path = "/api/products/revalidated";
  origin.answer = give({
    ...productHeaders,
    "cdn-cache-control": "public, max-age=1, stale-while-revalidate=20",
  });
  await edge.ask(path);
  version = 2;
  const held: ServerResponse[] = [];
  origin.answer = (_, response) => held.push(response);
  await expect.poll(async () => (await edge.ask(path)) && held.length, { timeout: 3_000 }).toBe(1);
  // The one that asks is under way: nobody waits for it, and nobody else asks.
  const meanwhile = await Promise.all(Array.from({ length: 20 }, () => edge.ask(path)));
  expect(new Set(meanwhile.map(({ text }) => text))).toEqual(new Set(["1"]));
  expect(new Set(meanwhile.map(({ headers }) => headers["cache-control"]))).toEqual(
    new Set(["public, max-age=5"]),
  );
  expect(held.length).toBe(1);
  origin.answer = give(productHeaders);
  for (const response of held) give(productHeaders)(undefined, response);
  await expect.poll(async () => (await edge.ask(path)).text).toBe("2");
});

test("of several nodes, one that fails is passed over, and readers notice nothing", async () => {
  const both = await startTestEdge([origin.url, other.url]);
  try {
    other.answer = give(productHeaders);
    origin.answer = refuse;
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, at) => both.ask(`/api/products/node-${at}`)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    // So is one whose answers are degraded, where there is something stale that they would replace.
    const tagged = give({ ...productHeaders, "surrogate-key": "product-shared" });
    origin.answer = other.answer = tagged;
    const paths = Array.from({ length: 10 }, (_, at) => `/api/products/shared-${at}`);
    await Promise.all(paths.map((path) => both.ask(path)));
    await both.purge("product-shared");
    version = 2;
    origin.answer = (_, response) => response.writeHead(200, { "cache-control": "no-store" }).end("degraded");
    const texts = await Promise.all(paths.map(async (path) => (await both.ask(path)).text));
    expect(new Set(texts)).toEqual(new Set(["2"]));
  } finally {
    await both.stop();
  }
});
