import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createProviders } from "../../ops/purge/providers.ts";
import { varnishName } from "../../ops/purge/varnish.ts";
import type { PurgeReport } from "../../actors/edge-purge/purge-report.ts";
import { type ProviderServer, startProviderServer } from "./provider-server.ts";
import { money, openShop, type Shop } from "./shop.ts";

/** Two caches of one's own, of which one is dead. */

const patience = { timeout: 30_000, interval: 20 };
let shop: Shop;
let healthy: ProviderServer;
let dead: ProviderServer;
beforeAll(async () => {
  healthy = await startProviderServer({ status: 200, body: '{"purged": 1}' });
  dead = await startProviderServer({ status: 503, body: "dead" });
  const varnish = [dead.url, healthy.url];
  shop = await openShop({ varnish: false, providers: varnish.map(varnishName) });
  await shop.startPurges(createProviders({ varnish }));
});
afterAll(async () => {
  await shop.stop();
  await healthy.close();
  await dead.close();
});

test("one that fails holds nothing back from the other, and makes lifetimes short", async () => {
  const ids = Array.from({ length: 200 }, (_, at) => `p-${at}`);
  for (const id of ids) await shop.publish("price.updated", id, { new_price: money(1) });
  await vi.waitFor(() => {
    const lists = healthy.requests.map(({ headers }) => headers["xkey-softpurge"]?.split(" ") ?? []);
    const purged = new Set(lists.flat());
    expect(ids.filter((id) => !purged.has(`product-${id}`))).toEqual([]);
  }, patience);
  await vi.waitFor(
    async () => {
      const { body } = await shop.get("/readyz", shop.api);
      expect(body).toMatchObject({ edge: { lifetimes: "short" } });
      const edge = body.edge as { readonly purges: readonly PurgeReport[] } | undefined;
      const states = new Map(edge?.purges.map(({ provider, state }) => [provider, state]));
      const stateOf = ({ url }: ProviderServer) => states.get(varnishName(url));
      expect([stateOf(healthy), stateOf(dead)]).toEqual(["up", "down"]);
    },
    { ...patience, interval: 500 },
  );
});
