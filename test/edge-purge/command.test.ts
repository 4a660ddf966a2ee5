import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { varnishName } from "../../ops/purge/varnish.ts";
import { type ProviderServer, startProviderServer } from "./provider-server.ts";
import { commandLineOn } from "./command-line.ts";
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

const shelfwire = commandLineOn(() => shop);

test("the role purges, top shows how it fares, and a signal ends it and gives its lease back", async () => {
  const name = varnishName(edge.url);
  const running = shelfwire(["actors"], { PURGE_VARNISH: edge.url });
  await vi.waitFor(async () => {
    await shop.publish("product.modified", "lamp", { title: "Lamp" });
    const purged = edge.requests.map(({ headers }) => headers["xkey-softpurge"]);
    expect(purged.join(" ")).toContain("product-lamp");
  }, patience);
  const reports = async () => {
    const { said } = await shelfwire(["top", "--json"]).ended;
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
  const { said: table } = await shelfwire(["top"]).ended;
  expect(table).toMatch(new RegExp(`^PURGES +STATE +OWNER .*\\n${name} +up `, "m"));
  running.kill();
  expect((await running.ended).code).toBe(0);
  expect((await reports()).some(({ provider }) => provider === name)).toBe(false);
});
