import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Origin, productHeaders, startOrigin, startTestEdge, type TestEdge } from "./edges.ts";

/** Purging by tag: who may, what it reaches, and that the next reader sees what is new. */

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

let version = 0;
const give = (response: ServerResponse, tags: string, headers = {}) =>
  response.writeHead(200, { ...productHeaders, "surrogate-key": tags, ...headers }).end(String(version));
beforeEach(() => {
  version = 1;
  origin.answer = ({ url = "" }, response) => give(response, `product-${url.split("/").at(-1)}`);
});

const read = async (path: string) => (await edge.ask(path)).text;

test.each(["xkey-softpurge", "xkey-purge"] as const)(
  "%s: the next reader sees the new value",
  async (kind) => {
    const path = `/api/products/${kind}`;
    expect([await read(path), await read(path)]).toEqual(["1", "1"]);
    for (version = 2; version < 50; version++) {
      expect(await edge.purge(`product-${kind}`, kind)).toBe(1);
      expect(await read(path)).toBe(String(version));
    }
    await expect.poll(async () => (await edge.ask(path)).edge).toMatch(/^edge; hit; ttl=/);
  },
);

test("several tags in one purge, separated by spaces or commas; what they do not name stays", async () => {
  const paths = ["a", "b", "c", "d"].map((id) => `/api/products/${id}`);
  for (const path of paths) await read(path);
  version = 2;
  expect(await edge.purge("product-a, product-b product-c,product-nobody")).toBe(3);
  expect(await Promise.all(paths.map(read))).toEqual(["2", "2", "2", "1"]);
});

test("an answer with many tags goes with any of them", async () => {
  const tags = Array.from({ length: 50 }, (_, at) => `product-=E2=82=AC${at}`);
  origin.answer = (_, response) => give(response, tags.join(" "));
  for (const [at, tag] of [tags[0], tags[25], tags[49]].entries()) {
    version = 10 + at;
    await edge.purge(tag ?? "");
    expect(await read("/api/categories/many/products")).toBe(String(version));
  }
});

test("an address is purged by itself", async () => {
  await read("/api/products/by-address");
  version = 2;
  const { text } = await edge.ask("/api/products/by-address?utm=1", { method: "PURGE" });
  expect(JSON.parse(text)).toEqual({ purged: 1 });
  expect(await read("/api/products/by-address")).toBe("2");
});

test("a purge also reaches what is past its lifetime and still shown behind its revalidation", async () => {
  const path = "/api/products/in-grace";
  const lifetime = { "cdn-cache-control": "public, max-age=1, stale-while-revalidate=30" };
  origin.answer = (_, response) => give(response, "product-in-grace", lifetime);
  await read(path);
  const hung: ServerResponse[] = [];
  origin.answer = (_, response) => hung.push(response);
  // Its first reader past the lifetime has it stale, and has it asked for anew behind that.
  await expect.poll(async () => (await read(path)) && hung.length, { timeout: 3_000 }).toBe(1);
  // What is under way behind it fails, so that it stays as it is: past its lifetime.
  for (const response of hung) response.destroy();
  version = 2;
  origin.answer = (_, response) => give(response, "product-in-grace", lifetime);
  await edge.purge("product-in-grace");
  expect(await read(path)).toBe("2");
});

test("an answer that was under way while its tag was purged is not kept for long", async () => {
  const path = "/api/products/raced";
  const asked = Promise.withResolvers<ServerResponse>();
  origin.answer = (_, response) => asked.resolve(response);
  const first = read(path);
  const response = await asked.promise;
  // The API had made the answer already when the product changed.
  expect(await edge.purge("product-raced")).toBe(0);
  give(response, "product-raced");
  expect(await first).toBe("1");
  version = 2;
  origin.answer = (_, later) => give(later, "product-raced");
  await expect.poll(() => read(path), { timeout: 3_000 }).toBe("2");
});

test("while the API has not heard of a change that was purged, it is asked again and again", async () => {
  const path = "/api/products/not-heard";
  let asked = 0;
  origin.answer = (_, response) => {
    // Kept for a second, the third one would be kept for all of its lifetime, since the purge is forgotten by then.
    if (++asked === 5) version = 2;
    give(response, "product-not-heard");
  };
  await edge.purge("product-not-heard");
  await expect.poll(() => read(path), { timeout: 5_000 }).toBe("2");
});

describe("who may not purge", () => {
  let strict: TestEdge;
  beforeAll(async () => {
    strict = await startTestEdge([origin.url], { purgers: ["192.0.2.0/24"] });
  });
  afterAll(() => strict.stop());

  test.each([
    { "xkey-softpurge": "product-kept" },
    { "xkey-purge": "product-kept" },
    { "xkey-purge": "product-kept", "x-forwarded-for": "192.0.2.1", forwarded: "for=192.0.2.1" },
    {},
  ])("is refused and changes nothing: %j", async (headers) => {
    await strict.ask("/api/products/kept");
    const refused = await strict.ask("/api/products/kept", { method: "PURGE", headers });
    expect([refused.status, refused.headers["content-type"], refused.headers["cache-control"]]).toEqual([
      403,
      "application/problem+json",
      "no-store",
    ]);
    expect(JSON.parse(refused.text)).toMatchObject({ type: "urn:shelfwire:problem:not-a-purger" });
    expect((await strict.ask("/api/products/kept")).edge).toMatch(/hit/);
  });
});

test("a write that succeeds ends what is kept of its address, one that fails does not", async () => {
  const path = "/page";
  origin.answer = (request, response) => {
    if (request.method === "GET")
      response.writeHead(200, { "cache-control": "max-age=60" }).end(String(version));
    else response.writeHead(version === 2 ? 204 : 405, { location: "/other" }).end();
  };
  await Promise.all([read(path), read("/other")]);
  version = 3;
  await edge.ask(path, { method: "POST", body: "x" });
  expect(await read(path)).toBe("1");
  version = 2;
  await edge.ask(path, { method: "POST", body: "x" });
  expect([await read(path), await read("/other")]).toEqual(["2", "2"]);
});
