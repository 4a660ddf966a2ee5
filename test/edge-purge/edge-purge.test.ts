import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PurgeFailed } from "../../actors/edge-purge/edge-provider.ts";
import { readPurgeReports } from "../../actors/edge-purge/purge-report.ts";
import { longestAtEdgeMs } from "../../api/cache-policy.ts";
import { aspects } from "../../projections/aspects.ts";
import { groupName, membersName, pricesName, treeName } from "../../projections/changes.ts";
import { id } from "../streams/id.ts";
import { createWorld, lamp, partition, versions, type World } from "./world.ts";

/** The purge actor as a whole, over memory adapters and in simulated time. */

let world: World;
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  world = createWorld();
});
afterEach(async () => {
  const stopped = world.stop();
  await pass(3_000);
  await stopped;
  vi.useRealTimers();
});

test("a change is purged once the window is over, a quantity alone never", async () => {
  world.start();
  await pass(100);
  world.say(1, 2, {
    lamp: aspects.price,
    chair: aspects.quantity,
    table: aspects.stock,
    shelf: aspects.reviews,
  });
  await pass(29);
  expect(world.edge.purged()).toEqual([]);
  await pass(5);
  expect(world.edge.calls.map(({ tags }) => tags)).toEqual([
    ["product-lamp", "product-table", "product-shelf"],
  ]);
});

test("a burst over many words is few calls, each tag once in each", async () => {
  world.start();
  await pass(100);
  for (let at = 2; at <= 101; at++) {
    world.say(at - 1, at, { [`p-${at % 10}`]: aspects.price });
    await pass(1);
  }
  await pass(100);
  expect(world.edge.calls.length).toBeLessThanOrEqual(10);
  for (const { tags } of world.edge.calls) expect(new Set(tags).size).toBe(tags.length);
  expect(new Set(world.edge.purged()).size).toBe(10);
});

test("a list that changed is purged by its category; an order by price is not", async () => {
  world.start();
  await pass(100);
  world.say(1, 2, {}, [membersName(id("home garden")), pricesName(id("home")), "another thing", treeName]);
  await pass(100);
  expect(world.edge.purged()).toEqual(["category-home=20garden"]);
});

test("who joins a group is shown by its members: all of them are purged", async () => {
  const fence = { partition, position: undefined };
  const row = { version: versions(1), created: 1, direct: [], shown: [], group: id("lamps") };
  await world.readModel.putRows(fence, [{ id: lamp, membership: row }]);
  world.start();
  await pass(100);
  world.say(1, 2, { lamp: aspects.details }, [groupName(id("lamps"))]);
  await pass(100);
  expect(world.edge.purged()).toEqual(["product-lamp"]);
});

test("while the store does not say who is in a group, the products themselves are purged", async () => {
  vi.spyOn(world.readModel, "readGroup").mockRejectedValue(new Error("timed out"));
  world.start();
  await pass(100);
  world.say(1, 2, { lamp: aspects.details }, [groupName(id("lamps"))]);
  await pass(100);
  expect(world.edge.purged()).toEqual(["product-lamp"]);
});

test("what a missing word would have named is read from the log", async () => {
  world.start();
  await pass(100);
  await world.publish("price.updated", "lamp", { new_price: { amount: 1, currency: "EUR" } });
  world.say(0, 1, { lamp: aspects.price });
  await pass(100);
  await world.publish("product.modified", "lamp", { title: "Lamp", category_ids: ["home"] });
  await world.publish("price.updated", "another-partition-1", { new_price: { amount: 1, currency: "EUR" } });
  await world.publish("price.updated", "lamp", "no event" as never);
  // The word about 1 to 4 is lost.
  world.say(4, 4, {});
  await pass(200);
  expect(new Set(world.edge.purged().slice(1))).toEqual(new Set(["product-lamp", "category-home"]));
});

test("more than can be looked at is left to its lifetime, and said", async () => {
  world.start();
  await pass(100);
  world.reach(20_000);
  world.say(0, 1, {});
  world.say(1, 20_000, undefined);
  await pass(2_000);
  expect(world.edge.purged()).toEqual([]);
  expect(world.alerts.filter((line) => line.startsWith("more changes than can be looked at"))).toHaveLength(
    1,
  );
  expect(await readPurgeReports(world.leases)).toMatchObject([{ unread: 19_999 }]);
});

test("an import is not read twice: in ten seconds so many events are looked at, and then again", async () => {
  world.start();
  await pass(100);
  world.say(0, 0, {});
  const importing = async (from: number, to: number) => {
    for (let at = from; at < to; at++)
      await world.publish("review.posted", "lamp", { review_id: `${at}`, rating: 5 });
    world.say(from, to, undefined);
    await pass(2_000);
  };
  await importing(0, 6_000);
  expect(world.edge.purged()).toEqual(["product-lamp"]);
  await importing(6_000, 12_000);
  expect(world.edge.purged()).toEqual(["product-lamp"]);
  expect(await readPurgeReports(world.leases)).toMatchObject([{ unread: 6_000 }]);
  await pass(10_000);
  await importing(12_000, 18_000);
  expect(world.edge.purged()).toEqual(["product-lamp", "product-lamp"]);
});

test("a provider that fails is tried again at a growing pace, and everything that waited is purged when it is back", async () => {
  world.start();
  await pass(100);
  world.edge.fail(new PurgeFailed("503"));
  world.say(1, 2, { lamp: aspects.price });
  await pass(3_000);
  expect(world.said.at(-1)).toBe("retrying");
  world.say(2, 3, { lamp: aspects.price, chair: aspects.details });
  await pass(4_000);
  expect(world.said.at(-1)).toBe("down");
  expect(world.alerts.filter((line) => line.startsWith("varnish takes no purges"))).toHaveLength(1);
  expect(world.edge.attempts.length).toBeLessThan(10);
  world.edge.fail(undefined);
  await pass(68_000);
  expect(new Set(world.edge.purged())).toEqual(new Set(["product-lamp", "product-chair"]));
  expect(world.said.at(-1)).toBe("up");
  expect(world.alerts.filter((line) => line === "varnish takes purges again")).toHaveLength(1);
  expect(await readPurgeReports(world.leases)).toMatchObject([
    { provider: "varnish", state: "up", pending: 0, purged: 2, in_vain: 0, expired: 0 },
  ]);
});

test("the pause that a provider asks for is kept", async () => {
  world.start();
  await pass(100);
  world.edge.fail(new PurgeFailed("429", 20_000));
  world.say(1, 2, { lamp: aspects.price });
  await pass(100);
  const before = world.edge.attempts.length;
  world.edge.fail(undefined);
  await pass(19_000);
  expect(world.edge.attempts).toHaveLength(before);
  await pass(2_000);
  expect(world.edge.purged()).toEqual(["product-lamp"]);
});

test("what nobody can hold any more expires; the provider is asked whether it is back all the same", async () => {
  world.start();
  await pass(100);
  world.edge.fail(new PurgeFailed("refused"));
  world.say(1, 2, { lamp: aspects.price });
  await pass(longestAtEdgeMs + 2_000);
  expect(await readPurgeReports(world.leases)).toMatchObject([{ pending: 0, expired: 1, state: "down" }]);
  world.edge.fail(undefined);
  await pass(66_000);
  expect(world.edge.purged()).toEqual([]);
  expect(world.said.at(-1)).toBe("up");
});

test("an actor that ends leaves what it did not purge to the next one, and no more", async () => {
  const first = world.start();
  await pass(100);
  world.say(1, 2, { lamp: aspects.price });
  await pass(100);
  world.edge.fail(new PurgeFailed("503"));
  world.say(2, 3, { chair: aspects.price });
  await pass(100);
  const ended = first.stop();
  await pass(2_000);
  await ended;
  world.say(3, 4, { table: aspects.price });
  world.edge.fail(undefined);
  world.start();
  await pass(2_000);
  expect(world.edge.purged()).toEqual(["product-lamp", "product-chair", "product-table"]);
});

test("of two actors one purges; when it dies the other goes on where it was", async () => {
  const first = world.start();
  await pass(100);
  world.start();
  await pass(3_000);
  world.say(1, 2, { lamp: aspects.price });
  await pass(200);
  expect(world.edge.purged()).toEqual(["product-lamp"]);
  const ended = first.stop();
  world.say(2, 3, { chair: aspects.price });
  await pass(3_000);
  await ended;
  expect(world.edge.purged()).toEqual(["product-lamp", "product-chair"]);
});

test("a provider that never took a purge is down from the start, and up with its first one", async () => {
  world.edge.fail(new PurgeFailed("refused"));
  world.start();
  await pass(3_000);
  expect(new Set(world.said)).toEqual(new Set(["down"]));
  world.edge.fail(undefined);
  await pass(4_000);
  expect(world.said.at(-1)).toBe("up");
});

test("nobody hears of a provider while no actor lives, and once a second while one does", async () => {
  await pass(3_000);
  expect(world.said).toEqual([]);
  world.start();
  await pass(10_000);
  expect(world.said.length).toBeGreaterThanOrEqual(9);
  expect(new Set(world.said)).toEqual(new Set(["up"]));
});
