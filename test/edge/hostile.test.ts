import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Origin, productHeaders, startOrigin, startTestEdge, type TestEdge } from "./edges.ts";

/**
 * Attacks on what is kept for others. The API of these tests answers with everything that a request told it: what
 * reaches it without being part of the key shows in the next reader's answer.
 */

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
const evil = "evil.example";
beforeEach(() => {
  origin.answer = ({ method, url, rawHeaders }, response) => {
    // What the edge tells about itself is the same for everybody.
    response.writeHead(200, { ...productHeaders, "set-cookie": "session=stolen" });
    response.end(JSON.stringify({ method, url, rawHeaders }));
  };
});

describe("poisoning: what is no part of the key does not reach the API", () => {
  test.each([
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Prefix",
    "X-Forwarded-For",
    "X-Forwarded-Port",
    "X-Forwarded-Server",
    "X-Original-URL",
    "X-Original-Host",
    "X-Rewrite-URL",
    "X-HTTP-Method-Override",
    "X-HTTP-Method",
    "X-Method-Override",
    "X-Host",
    "X-Real-IP",
    "Forwarded",
    "Host",
    "Accept-Language",
    "Cookie",
    "Proxy",
    "TE",
    "Upgrade",
    "Edge-Stale",
    "Edge-Fwd",
    "Edge-Query",
    "Edge-Member",
    "Edge-Purged",
  ])("%s", async (name) => {
    const path = fresh();
    const poisoned = await edge.ask(path, { headers: { [name]: evil } });
    expect(poisoned.text).not.toContain(evil);
    const next = await edge.ask(path, { headers: { "accept-language": "de", host: "shop.example" } });
    expect([next.text, next.edge]).toEqual([poisoned.text, expect.stringMatching(/^edge; hit/)]);
    expect(next.headers["set-cookie"]).toBeUndefined();
  });

  test("a header that Connection names goes no further, and no other goes with it", async () => {
    const path = fresh();
    const { text } = await edge.ask(path, { headers: { connection: "close, x-secret", "x-secret": evil } });
    expect(text).not.toContain(evil);
    expect(JSON.parse(text)).toMatchObject({ method: "GET", url: path });
    const { status } = await edge.ask(fresh(), { headers: { connection: "close, host, content-length" } });
    expect(status).toBe(400);
  });

  test("an absolute target names no other host", async () => {
    const path = fresh();
    const { text } = await edge.ask(`http://${evil}${path}`);
    expect(text).not.toContain(evil);
    expect((await edge.ask(path)).edge).toMatch(/^edge; hit/);
  });

  test.each([
    { headers: { "content-length": "4" }, body: "evil" },
    { headers: { "transfer-encoding": "chunked" }, body: "evil" },
    { headers: { "content-encoding": "gzip" } },
  ])("a reading request with a body is passed on and not kept: %j", async (options) => {
    const path = fresh();
    expect((await edge.ask(path, options)).edge).toMatch(/^edge; fwd=request/);
    expect((await edge.ask(path)).edge).toMatch(/fwd=uri-miss/);
  });

  test("a refusal that a request brought on itself is for nobody else", async () => {
    const path = fresh();
    origin.answer = ({ headers }, response) => {
      const isRefused = headers["x-much"] !== undefined;
      response
        .writeHead(isRefused ? 431 : 200, isRefused ? { "cache-control": "no-store" } : productHeaders)
        .end();
    };
    const both = [edge.ask(path, { headers: { "x-much": "y".repeat(7_000) } }), edge.ask(path)] as const;
    const [refused, answered] = await Promise.all(both);
    // It may have been the one that waited for the other's answer.
    expect([200, 431]).toContain(refused.status);
    expect(answered.status).toBe(200);
    expect((await edge.ask(path)).edge).toMatch(/^edge; hit/);
  });

  test("other methods are passed on, are not kept, and end nothing when they fail", async () => {
    const path = fresh();
    await edge.ask(path);
    origin.answer = (_, response) => response.writeHead(405, productHeaders).end(evil);
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "LOCK"]) {
      expect((await edge.ask(path, { method, body: evil })).edge).toBe("edge; fwd=method; fwd-status=405");
    }
    expect(await edge.ask(path)).toMatchObject({ edge: expect.stringMatching(/^edge; hit/), status: 200 });
  });

  test("HEAD asks for what GET keeps", async () => {
    const path = fresh();
    const head = await edge.ask(path, { method: "HEAD" });
    expect([head.status, head.text]).toEqual([200, ""]);
    expect(await edge.ask(path)).toMatchObject({ edge: expect.stringMatching(/^edge; hit/) });
  });
});

describe("what is one person's", () => {
  const own = { ...productHeaders, "cache-control": "private, max-age=60", "cdn-cache-control": "no-store" };

  test("a request with Authorization is passed on, and its answer kept for nobody, whatever it says", async () => {
    for (const headers of [own, { ...productHeaders, "cache-control": "public, max-age=60" }]) {
      const path = fresh();
      origin.answer = (request, response) =>
        response.writeHead(200, headers).end(request.headers.authorization);
      const ann = await edge.ask(path, { headers: { authorization: "Bearer ann" } });
      const bob = await edge.ask(path, { headers: { authorization: "Bearer bob" } });
      const anybody = await edge.ask(path);
      expect([ann.text, bob.text, anybody.text]).toEqual(["Bearer ann", "Bearer bob", ""]);
      expect([ann.edge, bob.edge]).toEqual(Array(2).fill("edge; fwd=bypass; fwd-status=200"));
    }
  });

  test("nor does somebody with a token get what is kept for everybody", async () => {
    const path = fresh();
    await edge.ask(path);
    const signedIn = await edge.ask(path, { headers: { authorization: "Bearer ann" } });
    expect(signedIn.edge).toMatch(/^edge; fwd=bypass/);
  });

  test.each([
    { "cache-control": "private, max-age=60" },
    { "cache-control": "no-store" },
    { "cache-control": "public, max-age=60", "cdn-cache-control": "no-store" },
    { "cache-control": "public, max-age=60", "cdn-cache-control": "private, max-age=60" },
    { "cache-control": "public, max-age=60", vary: "*" },
    {},
  ])("an answer that is private or has no lifetime is never kept: %j", async (headers) => {
    for (const path of [fresh(), `/page/${number++}`]) {
      origin.answer = (_, response) => response.writeHead(200, headers).end(String(origin.seen.length));
      const texts = [await edge.ask(path), await edge.ask(path), await edge.ask(path)].map(
        ({ text }) => text,
      );
      expect(new Set(texts).size).toBe(3);
    }
  });

  test.each(["Catalog-Min-Version: CATALOG/7", "consistency"])(
    "%s is for the API to answer",
    async (what) => {
      const path = fresh();
      await edge.ask(path);
      const asked =
        what === "consistency"
          ? await edge.ask(`${path}?consistency=strong`)
          : await edge.ask(path, { headers: { "catalog-min-version": "CATALOG/7" } });
      expect(asked.edge).toBe("edge; fwd=request; fwd-status=200");
    },
  );
});

test("an answer with fifty long tags passes, and says them to nobody", async () => {
  const path = fresh();
  const tags = Array.from({ length: 50 }, (_, at) => `product-${"=E2=82=AC".repeat(8)}${at}`);
  origin.answer = (_, response) => {
    const [keys, listed, quoted] = [tags.join(" "), tags.join(), `"${tags.join('", "')}"`];
    const headers = { "surrogate-key": keys, "cache-tag": listed, "cache-groups": quoted };
    response.writeHead(200, { ...productHeaders, ...headers }).end("{}");
  };
  const { status, headers } = await edge.ask(path);
  expect([status, headers["surrogate-key"], headers["cache-tag"], headers["cdn-cache-control"]]).toEqual([
    200,
    undefined,
    undefined,
    undefined,
  ]);
});

test.each([
  "GET /api/products/x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "GET /api/products/x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
  "GET /api/products/x HTTP/1.1\r\nHost: a\r\nX-A: b\rc\r\n\r\n",
  "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n",
  "GET /api/products/x y HTTP/1.1\r\nHost: a\r\n\r\n",
])("what two parsers might read in two ways is refused: %j", async (bytes) => {
  const before = origin.seen.length;
  const answer = await new Promise<string>((settle, reject) => {
    let text = "";
    const socket = connect(edge.port, "127.0.0.1", () => socket.end(bytes));
    socket.on("data", (data) => (text += data.toString()));
    socket.on("error", reject);
    socket.on("close", () => settle(text));
  });
  expect(answer === "" || /^HTTP\/1\.1 40[05]/.test(answer)).toBe(true);
  expect(origin.seen.length).toBe(before);
});
