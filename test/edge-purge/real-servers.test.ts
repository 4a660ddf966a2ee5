import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createVarnish, varnishName } from "../../ops/purge/varnish.ts";
import { type ProviderServer, startProviderServer } from "./provider-server.ts";
import { money, openShop, type Shop } from "./shop.ts";

/** The purge actor on a real nats-server and Redis, with a provider that can be made to fail. */

const patience = { timeout: 30_000, interval: 20 };
const up = { status: 200, body: '{"purged": 1}' };
let shop: Shop;
let edge: ProviderServer;
let actor: { stop(): Promise<void> };

const start = async () => {
  actor = await shop.startPurges([createVarnish(edge.url)]);
};
const purged = () => edge.requests.flatMap(({ headers }) => headers["xkey-softpurge"]?.split(" ") ?? []);
async function lifetimes(): Promise<string | undefined> {
  const { body } = await shop.get("/readyz", shop.api);
  return (body.edge as { readonly lifetimes: string } | undefined)?.lifetimes;
}
const price = (id: string, amount: number) => shop.publish("price.updated", id, { new_price: money(amount) });

beforeAll(async () => {
  edge = await startProviderServer(up);
  shop = await openShop({ varnish: false, providers: [varnishName(edge.url)] });
  await start();
  await vi.waitFor(async () => expect(await lifetimes()).toBe("long"), patience);
});
afterAll(async () => {
  await shop.stop();
  await edge.close();
});

test("what is published is purged", async () => {
  await shop.publish("product.modified", "a", { title: "A" });
  await price("a", 1);
  await vi.waitFor(() => expect(purged()).toContain("product-a"), patience);
});

test("an actor that is not there makes lifetimes short; the next one purges what was published meanwhile", async () => {
  await actor.stop();
  await price("c", 1);
  await vi.waitFor(async () => expect(await lifetimes()).toBe("short"), patience);
  expect(purged()).not.toContain("product-c");
  await start();
  await vi.waitFor(() => expect(purged()).toContain("product-c"), patience);
  await vi.waitFor(async () => expect(await lifetimes()).toBe("long"), patience);
});

test("while the provider fails answers are told short lifetimes; when it is back, what waited is purged", async () => {
  edge.answer({ status: 503, body: "down" });
  await price("b", 1);
  await vi.waitFor(async () => expect(await lifetimes()).toBe("short"), patience);
  const { headers } = await shop.get("/api/products/a", shop.api);
  expect(headers.get("cdn-cache-control")).toBe("public, max-age=5");
  const before = edge.requests.length;
  edge.answer(up);
  await vi.waitFor(() => {
    const later = edge.requests.slice(before).map((request) => request.headers["xkey-softpurge"] ?? "");
    expect(later.join(" ")).toContain("product-b");
  }, patience);
});

test("nats-server is killed five times under a stream of changes: each change is purged", async () => {
  const ids: string[] = [];
  for (let round = 0; round < 5; round++) {
    for (let each = 0; each < 20; each++) {
      const id = `killed-${round}-${each}`;
      if (each === 10) shop.kill("nats");
      ids.push(id);
      await price(id, 1);
    }
  }
  await vi.waitFor(
    () => {
      const seen = new Set(purged());
      expect(ids.filter((id) => !seen.has(`product-${id}`))).toEqual([]);
    },
    { timeout: 50_000, interval: 100 },
  );
});

test("Redis is emptied: what is published behind it is purged", async () => {
  await shop.catalogue.redis.flushall();
  await price("after-the-flush", 1);
  await vi.waitFor(() => expect(purged()).toContain("product-after-the-flush"), patience);
});
