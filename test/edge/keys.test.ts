import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { limits } from "../../api/limits.ts";
import { type Origin, productHeaders, startOrigin, startTestEdge, type TestEdge } from "./edges.ts";

/** Flooding: what strangers may write, and how few keys it makes. The API of these tests answers with what it was asked. */

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

let number = 0;
/** An address that nobody has asked for yet. */
const fresh = () => `/api/products/p${number++}`;
beforeEach(() => {
  origin.answer = ({ url }, response) => response.writeHead(200, productHeaders).end(JSON.stringify({ url }));
});

describe("one answer has one key", () => {
  const keeps = async (paths: readonly string[]) => {
    const before = origin.seen.length;
    for (const path of paths) expect((await edge.ask(path)).status).toBe(200);
    return origin.seen.length - before;
  };
  const many = Array.from({ length: 100 }, (_, at) => at);

  test("whatever is added to an address", async () => {
    const path = fresh();
    const paths = many.flatMap((at) => [
      `${path}?utm=${at}`,
      `${path}?${at}`,
      `${path}?&&x=${at}&`,
      `${path}#${at}`,
    ]);
    expect(await keeps([path, ...paths])).toBe(1);
    expect(await keeps(many.map((at) => `/images/a/b.svg?${at}`))).toBe(1);
    expect(await keeps(many.map((at) => `/api/categories?${at}=`))).toBe(1);
    expect(await keeps(many.map((at) => `/?utm_source=${at}`))).toBe(1);
  });

  test("whatever the order", async () => {
    const path = `/api/categories/c${number++}/products`;
    expect(await keeps([`${path}?sort=newest&page=2`, `${path}?utm=1&page=2&x&sort=newest`])).toBe(1);
  });

  test("whoever is asked, and whatever languages are read", async () => {
    const path = fresh();
    const before = origin.seen.length;
    for (const at of many) {
      await edge.ask(path, {
        headers: { host: `h${at}.example`, "accept-language": `en;q=0.${at}`, cookie: `a=${at}` },
      });
    }
    expect(origin.seen.length - before).toBe(1);
  });

  test("but a parameter that the route reads reaches it as it is, a bad one as well", async () => {
    const path = fresh();
    const urls = [`${path}?view=details`, `${path}?view=evil%3F`, `${path}?view=details&view=details`];
    for (const url of urls) expect(JSON.parse((await edge.ask(url)).text)).toMatchObject({ url });
    const ids = "/api/products?ids=b,a%2C,c&utm=1";
    expect(JSON.parse((await edge.ask(ids)).text)).toMatchObject({ url: ids });
  });

  test("whatever the spelling: another one than the usual is answered and not kept", async () => {
    for (const path of [
      "/api/products/l%61mp",
      "/api/products/lamp%2D1",
      "/api/products/caf%c3%a9",
      "/api/products/caf%C3%a9",
      "/api/products/a%2f",
      "/api/products/lamp?view=det%61ils",
      "/api/categories/light/products?page=01",
      "/api/categories/light/products?page_size=007&sort=newest",
      "/images/l%61mp/b.svg",
    ]) {
      const { text, edge: member } = await edge.ask(path);
      expect([path, JSON.parse(text).url, member]).toEqual([path, path, "edge; fwd=bypass; fwd-status=200"]);
    }
    for (const path of [
      `/api/products/${encodeURIComponent("café/ü €~x")}`,
      "/api/categories/light/products?page=10",
      "/api/categories/100%25/products?page=0",
    ]) {
      await edge.ask(path);
      expect((await edge.ask(path)).edge).toMatch(/^edge; hit/);
    }
  });

  test("whatever languages are read, on pages as well", async () => {
    origin.answer = (_, response) =>
      response.writeHead(200, { "cache-control": "max-age=60", vary: "Accept-Language" }).end();
    const before = origin.seen.length;
    for (const at of many) {
      await edge.ask("/page/languages", { headers: { "accept-language": `en;q=0.${at}` } });
    }
    expect(origin.seen.length - before).toBe(1);
  });

  test("every parameter that a route of the API reads reaches it", async () => {
    const root = resolve(import.meta.dirname, "../..");
    const sources = globSync("api/routes/*.ts", { cwd: root }).map((path) =>
      readFileSync(join(root, path), "utf8"),
    );
    const routes = sources
      .flatMap((source) => source.split(/\bserver\.get\b/).slice(1))
      .map((source) => ({
        path: /"(\/[^"]*)"/.exec(source)?.[1] ?? "",
        names: [...source.matchAll(/Parameter\(\s*request\.query,\s*"(\w+)"/g)].map(([, name]) => name),
      }))
      .filter(({ names }) => names.length > 0);
    expect(routes.length).toBeGreaterThan(3);
    for (const { path, names } of routes) {
      for (const name of names) {
        const { text } = await edge.ask(`${path.replaceAll(":", "of-")}?utm=1&${name}=x`);
        expect([path, JSON.parse(text).url]).toEqual([path, expect.stringMatching(`[?&]${name}=x$`)]);
      }
    }
  });
});

test("an address of 100 products passes", async () => {
  const path = `/api/products?ids=${Array.from({ length: 100 }, () => "%E2%82%AC".repeat(42)).join(",")}`;
  expect((await edge.ask(path)).status).toBe(200);
});

test("a longer address than the API reads is refused before anything is made of it", async () => {
  const before = origin.seen.length;
  const padded = (start: string, bytes: number) => start + "y".repeat(bytes - start.length);
  for (const [start, bytesMax] of [
    ["/api/products/a?", limits.urlBytesMax],
    ["/page?", limits.urlBytesMax],
    ["/api/products?ids=", limits.batchUrlBytesMax],
  ] as const) {
    expect((await edge.ask(padded(start, bytesMax))).status).toBe(200);
    const { status, headers, text } = await edge.ask(padded(start, bytesMax + 1));
    expect([status, headers["cache-control"]]).toEqual([414, "no-store"]);
    expect(JSON.parse(text)).toMatchObject({ type: "urn:shelfwire:problem:url-too-long", status: 414 });
  }
  expect(origin.seen.length - before).toBe(3);
});
