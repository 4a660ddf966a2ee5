import { type ChildProcess, spawn } from "node:child_process";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { varnishName } from "../../ops/purge/varnish.ts";
import { type ProviderServer, startProviderServer } from "./provider-server.ts";
import { openShop, type Shop } from "./shop.ts";

/** The role and the view of it, as an operator starts them. */

const patience = { timeout: 30_000, interval: 50 };
let shop: Shop;
let edge: ProviderServer;
beforeAll(async () => {
  edge = await startProviderServer({ status: 200, body: '{"purged": 0}' });
  shop = await openShop({ varnish: false });
});
afterAll(async () => {
  await shop.stop();
  await edge.close();
});

/** None outlives a test that fails. */
const children = new Set<ChildProcess>();
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
});

function shelfwire(args: readonly string[], settings: Readonly<Record<string, string>>) {
  const child: ChildProcess = spawn(process.execPath, ["ops/main.ts", ...args], {
    env: { PATH: process.env.PATH, LOG_LEVEL: "error", ...shop.environment, ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.add(child);
  let [said, told] = ["", ""];
  child.stdout?.on("data", (data: Buffer) => (said += data.toString()));
  child.stderr?.on("data", (data: Buffer) => (told += data.toString()));
  const ended = new Promise<{ readonly code: number | null; readonly said: string; readonly told: string }>(
    (resolve) => child.on("close", (code) => resolve({ code, said, told })),
  );
  return { ended, kill: () => child.kill("SIGTERM") };
}

test("the role purges, top shows how it fares, and a signal ends it and gives its lease back", async () => {
  const name = varnishName(edge.url);
  const running = shelfwire(["actors"], { PURGE_VARNISH: edge.url });
  await vi.waitFor(async () => {
    await shop.publish("product.modified", "lamp", { title: "Lamp" });
    const purged = edge.requests.map(({ headers }) => headers["xkey-softpurge"]);
    expect(purged.join(" ")).toContain("product-lamp");
  }, patience);
  const reports = async () => {
    const { said } = await shelfwire(["top", "--json"], {}).ended;
    return said
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  await vi.waitFor(async () => {
    const report = (await reports()).find(({ provider }) => provider === name);
    expect(report).toMatchObject({ state: "up", failed: 0, expired: 0, unread: 0 });
    expect(report?.purged).toBeGreaterThan(0);
  }, patience);
  const { said: table } = await shelfwire(["top"], {}).ended;
  expect(table).toMatch(new RegExp(`^PURGES +STATE +OWNER .*\\n${name} +up `, "m"));
  running.kill();
  expect((await running.ended).code).toBe(0);
  expect((await reports()).some(({ provider }) => provider === name)).toBe(false);
});
