import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Origin, productHeaders, startOrigin, startTestEdge, type TestEdge } from "./edges.ts";

/** Known futures: no answer outlives `Catalog-Valid-Until`, to the millisecond, and nobody is lined up behind that. */

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

/** The price changes at `boundary`; what is said before has its lifetime rounded down to whole seconds, as the API does. */
let boundary: number;
let lagMs: number;
beforeEach(() => {
  lagMs = 0;
  origin.answer = (_, response) => {
    const left = boundary - (Date.now() - lagMs);
    if (left <= 0) {
      response.writeHead(200, productHeaders).end("new");
      return;
    }
    const seconds = Math.floor(left / 1_000);
    const stale = Math.min(5, Math.max(0, seconds - 25));
    response
      .writeHead(200, {
        ...productHeaders,
        "cache-control": `public, max-age=${Math.min(5, seconds)}`,
        "cdn-cache-control": `public, max-age=${Math.min(25, seconds)}${stale > 0 ? `, stale-while-revalidate=${stale}` : ""}`,
        "catalog-valid-until": String(boundary),
      })
      .end("old");
  };
});

test("the old price is kept until its last millisecond, and shown no later", async () => {
  boundary = Date.now() + 1_300;
  const path = "/api/products/sale";
  const told: { readonly askedAt: number; readonly text: string }[] = [];
  const reader = async () => {
    while (Date.now() < boundary + 400) {
      const askedAt = Date.now();
      told.push({ askedAt, text: (await edge.ask(path)).text });
    }
  };
  const before = origin.seen.length;
  await Promise.all(Array.from({ length: 20 }, reader));
  expect(told.filter(({ askedAt, text }) => askedAt > boundary + 50 && text === "old")).toEqual([]);
  expect(told.filter(({ text }) => text === "old").length).toBeGreaterThan(20);
  // The one that was cold, the first one behind the boundary, and those that a millisecond of rounding makes.
  expect(origin.seen.length - before).toBeLessThan(10);
  expect((await edge.ask(path)).edge).toMatch(/^edge; hit; ttl=2\d$/);
});

test("a lifetime of 0 s before the boundary is one of its milliseconds, and no note that it is never stored", async () => {
  boundary = Date.now() + 900;
  const before = origin.seen.length;
  const first = await edge.ask("/api/products/soon");
  expect([first.headers["cache-control"], first.text]).toEqual(["public, max-age=0", "old"]);
  expect(first.edge).toMatch(/stored$/);
  expect((await edge.ask("/api/products/soon")).edge).toMatch(/^edge; hit; ttl=0$/);
  expect(origin.seen.length - before).toBe(1);
});

test("so it is where the API's clock is ahead of the edge's", async () => {
  boundary = Date.now() + 1_500;
  lagMs = -700;
  const path = "/api/products/clock-ahead";
  const before = origin.seen.length;
  const first = await edge.ask(path);
  expect([first.headers["cache-control"], first.edge]).toEqual([
    "public, max-age=0",
    expect.stringMatching(/stored$/),
  ]);
  expect((await edge.ask(path)).edge).toMatch(/^edge; hit; ttl=0$/);
  expect(origin.seen.length - before).toBe(1);
});

test("rounding gives back no more than a second: the age of an answer still counts", async () => {
  origin.answer = (_, response) =>
    response
      .writeHead(200, { ...productHeaders, age: "20", "catalog-valid-until": String(Date.now() + 25_500) })
      .end("aged");
  await edge.ask("/api/products/aged");
  expect((await edge.ask("/api/products/aged")).edge).toMatch(/^edge; hit; ttl=[3-6]$/);
});

test("a boundary makes nothing storable that must not be stored", async () => {
  for (const control of ["private, max-age=0", "private, max-age=5", "no-cache, max-age=0"]) {
    const path = `/api/products/${encodeURIComponent(control)}`;
    let asked = 0;
    origin.answer = (_, response) =>
      response
        .writeHead(200, { "cache-control": control, "catalog-valid-until": String(Date.now() + 800) })
        .end(String(++asked));
    expect([(await edge.ask(path)).text, (await edge.ask(path)).text]).toEqual(["1", "2"]);
  }
});

test("an answer that became wrong on its way is asked for again", async () => {
  boundary = Date.now() - 1;
  lagMs = 50;
  const answers = await Promise.all(Array.from({ length: 50 }, () => edge.ask("/api/products/late")));
  // The origin's clock is behind by more than some attempts take: what it says stands, for those who waited alone.
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  await expect.poll(async () => (await edge.ask("/api/products/late")).text, { interval: 5 }).toBe("new");
  expect((await edge.ask("/api/products/late")).edge).toMatch(/hit/);
});

test("a browser is told no lifetime that reaches past the boundary, however long the answer has been kept", async () => {
  boundary = Date.now() + 5_400;
  const path = "/api/products/browser";
  expect((await edge.ask(path)).headers["cache-control"]).toBe("public, max-age=5");
  await expect
    .poll(async () => (await edge.ask(path)).headers["cache-control"], { timeout: 5_000 })
    .toBe("public, max-age=3");
  const { edge: member, headers } = await edge.ask(path);
  expect([member, headers["age"]]).toEqual([expect.stringMatching(/^edge; hit/), "0"]);
});

test("stale time ends at the boundary as well", async () => {
  boundary = Date.now() + 1_500;
  const path = "/api/products/stale-end";
  await edge.ask(path);
  origin.inService = false;
  origin.answer = (_, response) => response.destroy();
  const shown: number[] = [];
  await expect
    .poll(
      async () => {
        const askedAt = Date.now();
        const { status } = await edge.ask(path);
        if (status === 200) shown.push(askedAt);
        return status;
      },
      { timeout: 5_000, interval: 20 },
    )
    .toBe(503);
  origin.inService = true;
  expect(Math.max(...shown)).toBeLessThanOrEqual(boundary + 50);
});
