import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
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
