import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { writeRunFile } from "../../ops/run-file.ts";
import { type Origin, productHeaders, startOrigin } from "./edges.ts";

/** `shelfwire edge` as an operator starts it. */

const main = resolve(import.meta.dirname, "../../ops/main.ts");
let origin: Origin;
let dataDir: string;
let started: ChildProcess | undefined;
beforeAll(async () => {
  origin = await startOrigin();
  origin.answer = (_, response) => response.writeHead(200, productHeaders).end("{}");
});
afterAll(() => origin.stop());
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "shelfwire-edge-command-"));
});
afterEach(async () => {
  if (started !== undefined && started.exitCode === null && started.signalCode === null) {
    const ended = once(started, "close");
    started.kill("SIGTERM");
    await ended;
  }
  rmSync(dataDir, { recursive: true, force: true });
});

function start(settings: NodeJS.ProcessEnv) {
  const { EDGE_ORIGIN: _, ...environment } = process.env;
  const child = spawn(process.execPath, [main, "edge"], {
    env: { ...environment, DATA_DIR: dataDir, EDGE_PORT: "0", LOG_LEVEL: "error", ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  started = child;
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (data: Buffer) => (said += data.toString()));
  return { child, said: () => said, ended: once(child, "close") };
}

const urlIn = (text: string) => /-i (http:\S+)\/api\/categories/.exec(text)?.[1];
const isGone = (pid: number) => !existsSync(`/proc/${pid}`);
const varnishPid = () => Number(readFileSync(join(dataDir, "edge/varnishd.pid"), "utf8"));

test("stands in front of what run.json names, says where it is and how to purge, and ends with Ctrl-C", async () => {
  writeRunFile(dataDir, { http: origin.url, nats: "", redis: "", token: null });
  const { child, said, ended } = start({});
  await expect.poll(() => urlIn(said()), { timeout: 20_000 }).toBeDefined();
  expect(said()).toContain(origin.url);
  expect(said()).toMatch(/curl -X PURGE -H 'xkey-softpurge: product-/);
  const answer = await fetch(`${urlIn(said())}/api/products/a`);
  expect([answer.status, answer.headers.get("cache-status")]).toEqual([
    200,
    "shelfwire; hit; detail=memory, edge; fwd=uri-miss; fwd-status=200; stored",
  ]);
  await answer.body?.cancel();
  const pid = varnishPid();
  child.kill("SIGINT");
  expect(await ended).toEqual([0, null]);
  expect(isGone(pid)).toBe(true);
});

test("does not leave Varnish behind, however it dies; and Varnish comes back when it does", async () => {
  const { child, said, ended } = start({ EDGE_ORIGIN: origin.url });
  await expect.poll(() => urlIn(said()), { timeout: 20_000 }).toBeDefined();
  const first = varnishPid();
  process.kill(first, "SIGKILL");
  const status = async () => (await fetch(`${urlIn(said())}/api/products/a`).catch(() => undefined))?.status;
  await expect.poll(() => varnishPid() !== first && status(), { timeout: 20_000 }).toBe(200);
  const second = varnishPid();
  child.kill("SIGKILL");
  await ended;
  await expect.poll(() => isGone(second), { timeout: 10_000 }).toBe(true);
});

test("says in one line what it needs", async () => {
  const missing = start({});
  expect(await missing.ended).toEqual([1, null]);
  expect(missing.said()).toMatch(
    /^shelfwire: EDGE_ORIGIN is not set, and .* set EDGE_ORIGIN=http:\/\/HOST:PORT\n$/,
  );
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  const busy = start({ EDGE_ORIGIN: origin.url, EDGE_PORT: String(port) });
  expect(await busy.ended).toEqual([1, null]);
  expect(busy.said()).toMatch(
    new RegExp(`^shelfwire: EDGE_HOST=127.0.0.1 EDGE_PORT=${port}: .*choose another one.*\n$`),
  );
  taken.close();
  const absent = start({ EDGE_ORIGIN: origin.url, VARNISHD_BIN: "/nowhere/varnishd" });
  expect(await absent.ended).toEqual([1, null]);
  expect(absent.said()).toBe(
    "shelfwire: varnishd not found: install it, or set VARNISHD_BIN to the program\n",
  );
});
