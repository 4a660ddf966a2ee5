import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { type IncomingMessage, request, type ServerResponse } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { streamsMax } from "../../ops/edge/origins.ts";
import { type Origin, productHeaders, startOrigin, startTestEdge, type TestEdge } from "./edges.ts";

/** What the edge gives to strangers: memory and threads have an end, and what is kept is answered all the same. */

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

/** A counter of the running varnishd, which it tells whoever knows its folder. */
function counter(name: string): number {
  const [, folder = ""] = /\0-n\0([^\0]+)/.exec(readFileSync(`/proc/${edge.pid()}/cmdline`, "utf8")) ?? [];
  const told = execFileSync("varnishstat", ["-n", folder, "-1", "-f", name], { encoding: "utf8" });
  return Number(told.trim().split(/\s+/)[1]);
}

test("what is passed, or kept for moments, has a limit of memory as well", () => {
  expect(counter("SMA.Transient.g_bytes") + counter("SMA.Transient.g_space")).toBe(64 * 2 ** 20);
});

test.each(["/healthz", "/readyz?verbose", "/metrics", "/ops", "/ops/login"])(
  "what an operator looks at is never kept: %s",
  async (path) => {
    origin.answer = (_, response) => response.writeHead(200, productHeaders).end();
    expect((await edge.ask(path)).edge).toMatch(/^edge; fwd=bypass/);
  },
);

test("streams without an end take no more than their share: what is kept is answered beside them", async () => {
  const path = "/api/products/popular";
  origin.answer = (_, response) => response.writeHead(200, productHeaders).end("{}");
  await edge.ask(path);
  const given: ServerResponse[] = [];
  origin.answer = (_, response) => {
    given.push(response);
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write(": hello\n\n");
  };
  const open = () =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const asked = request({ port: edge.port, path: `${path}/live`, agent: false }, resolve);
      asked.on("error", reject).end();
    });
  const openMany = async (times: number) =>
    (await Promise.all(Array.from({ length: times }, open))).map(({ statusCode }) => statusCode);
  expect(new Set(await openMany(streamsMax))).toEqual(new Set([200]));
  expect(await openMany(20)).toEqual(Array(20).fill(503));
  expect(given.length).toBe(streamsMax);
  expect((await edge.ask(path)).edge).toMatch(/^edge; hit/);
  origin.answer = (_, response) => response.end("{}");
  expect((await edge.ask(`${path}/price`)).status).toBe(200);
  for (const response of given) response.end();
  await expect.poll(async () => (await edge.ask(`${path}/live`)).status, { timeout: 5_000 }).toBe(200);
}, 60_000);
