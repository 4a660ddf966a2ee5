import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PurgeFailed } from "../../actors/edge-purge/edge-provider.ts";
import { readPurgeReports } from "../../actors/edge-purge/purge-report.ts";
import { aspects } from "../../projections/aspects.ts";
import { groupName } from "../../projections/changes.ts";
import { id } from "../streams/id.ts";
import { createWorld, type World } from "./world.ts";

/** What the purge actor does where the log, the store, the stream of words or the clock fails it, in simulated time. */

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

test("while changes go unread the provider counts as down, and for the thirty seconds behind the last of them", async () => {
  world.start();
  await pass(2_000);
  world.reach(60_000);
  world.say(0, 1, {});
  world.say(1, 20_000, undefined);
  await pass(20_000);
  expect(world.said.at(-1)).toBe("down");
  world.say(20_000, 60_000, undefined);
  await pass(28_000);
  expect(world.said.at(-1)).toBe("down");
  await pass(4_000);
  expect(world.said.at(-1)).toBe("up");
  expect(world.alerts.filter((line) => line.includes("takes purges"))).toEqual([]);
});

test("a word about events that the log does not hold hides none of those behind it, and stops nothing", async () => {
  const actor = world.start();
  await pass(100);
  await world.publish("price.updated", "lamp", { new_price: { amount: 1, currency: "EUR" } });
  world.say(0, 1, { lamp: aspects.price });
  await pass(100);
  world.say(1, 900_000_000, { chair: aspects.price });
  world.say(1, 900_000_000, undefined);
  await pass(100);
  expect(world.edge.purged()).toEqual(["product-lamp", "product-chair"]);
  await world.publish("product.modified", "lamp", { title: "Lamp" });
  await world.publish("price.updated", "lamp", { new_price: { amount: 2, currency: "EUR" } });
  // The word about 1 to 3 is lost.
  world.say(3, 3, {});
  await pass(200);
  expect(world.edge.purged().slice(2)).toEqual(["product-lamp"]);
  expect([actor.restarts, world.said.at(-1)]).toEqual([0, "up"]);
});

test("a log that does not give its events is asked once: what it would have said counts as unread", async () => {
  const actor = world.start();
  await pass(100);
  world.reach(9_000);
  world.say(1, 2, {});
  world.say(8_000, 8_001, { lamp: aspects.price });
  await pass(500);
  expect(world.edge.purged()).toEqual(["product-lamp"]);
  await pass(3_000);
  world.say(8_001, 8_002, { chair: aspects.price });
  await pass(1_000);
  expect(world.edge.purged()).toEqual(["product-lamp", "product-chair"]);
  expect(await readPurgeReports(world.leases)).toMatchObject([{ unread: 7_998, state: "down" }]);
  expect(actor.restarts).toBe(0);
});

test("words that leave the same log to be read hold nothing up one after the other", async () => {
  world.start();
  await pass(100);
  world.reach(9_000);
  world.say(0, 1, {});
  for (let at = 1; at <= 20; at++) world.say(at, at + 1, undefined);
  await pass(100);
  world.say(21, 22, { chair: aspects.price });
  await pass(3_000);
  expect(world.edge.purged()).toEqual(["product-chair"]);
});

test("while nobody says where the log ends purges go on, and what was missed meanwhile is read later", async () => {
  const actor = world.start();
  await pass(100);
  world.say(0, 0, {});
  await pass(100);
  const bounds = vi.spyOn(world.log, "bounds").mockReturnValue(new Promise(() => {}));
  await world.publish("price.updated", "lamp", { new_price: { amount: 1, currency: "EUR" } });
  world.say(0, 1, undefined);
  world.say(1, 1, { chair: aspects.price });
  await pass(1_000);
  expect(world.edge.purged()).toEqual(["product-chair"]);
  bounds.mockRestore();
  world.say(1, 1, {});
  await pass(1_000);
  expect(world.edge.purged()).toEqual(["product-chair", "product-lamp"]);
  expect(actor.restarts).toBe(0);
});

test("a store that hangs holds nothing back but what it alone knows", async () => {
  vi.spyOn(world.readModel, "readGroup").mockReturnValue(new Promise(() => {}));
  world.start();
  await pass(100);
  world.say(1, 2, { lamp: aspects.details }, [groupName(id("lamps"))]);
  await pass(50);
  expect(world.edge.purged()).toEqual(["product-lamp"]);
  world.say(2, 3, { chair: aspects.details }, [groupName(id("lamps"))]);
  await pass(400);
  expect(world.edge.purged()).toEqual(["product-lamp", "product-chair"]);
});

test("a late word that is still being read makes a provider late, like a tag that waits to be purged", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  world.start();
  await pass(2_000);
  vi.spyOn(world.log, "tail").mockReturnValue({
    take: () => promise.then(() => ({ messages: [], pending: 0 })),
    close: async () => {},
  });
  world.reach(10);
  world.skew(7_000);
  world.say(0, 1, {});
  world.say(1, 10, undefined);
  await pass(1_200);
  expect(world.said.at(-1)).toBe("down");
  resolve();
  await pass(100);
});

test("nobody says anything for three seconds: down; the consumer is opened again, ever more seldom, and a word is up", async () => {
  const actor = world.start();
  await pass(2_000);
  expect(world.said.at(-1)).toBe("up");
  world.silence();
  await pass(5_000);
  expect([world.said.at(-1), actor.restarts]).toEqual(["down", 0]);
  await pass(7_000);
  expect(actor.restarts).toBe(1);
  await pass(300_000);
  expect(actor.restarts).toBeGreaterThanOrEqual(4);
  expect(actor.restarts).toBeLessThanOrEqual(7);
  const before = world.said.length;
  expect(new Set(world.said.slice(8))).toEqual(new Set(["down"]));
  world.speak();
  await pass(5_000);
  expect(world.said.length).toBeGreaterThan(before);
  expect(world.said.at(-1)).toBe("up");
});

test("a provider that is too slow is down until nothing was late for a minute, and a person is told once", async () => {
  world.start();
  await pass(2_000);
  for (let round = 0; round < 8; round++) {
    world.edge.fail(new PurgeFailed("429"));
    world.say(1, 2, { lamp: aspects.price });
    await pass(8_000);
    world.edge.fail(undefined);
    await pass(20_000);
    expect(world.said.at(-1)).toBe("down");
  }
  expect(world.alerts.filter((line) => line.startsWith("varnish takes"))).toHaveLength(1);
  await pass(60_000);
  expect(world.said.at(-1)).toBe("up");
  expect(world.alerts.filter((line) => line === "varnish takes purges again")).toHaveLength(1);
});

test("a wall clock that is put back or forth stops no purge, and what it lets expire is not called up", async () => {
  world.start();
  await pass(2_000);
  world.skew(-3_600_000);
  world.say(1, 2, { lamp: aspects.price });
  await pass(100);
  expect(world.edge.purged()).toEqual(["product-lamp"]);
  world.skew(0);
  world.say(2, 3, { chair: aspects.price });
  await pass(100);
  expect(world.edge.purged()).toEqual(["product-lamp", "product-chair"]);
  expect(world.said.at(-1)).toBe("up");
  world.skew(3_600_000);
  world.say(3, 4, { table: aspects.price });
  await pass(4_000);
  expect(await readPurgeReports(world.leases)).toMatchObject([{ failed: 0, expired: 1, state: "down" }]);
});

test("words that the stream forgot behind the last one that was acted on are counted, and lifetimes are short", async () => {
  const first = world.start();
  await pass(2_000);
  const ended = first.stop();
  await pass(2_000);
  await ended;
  world.forget(500);
  world.start();
  await pass(3_000);
  const [report] = await readPurgeReports(world.leases);
  expect(report?.state).toBe("down");
  expect(report?.unread).toBeGreaterThan(400);
});
