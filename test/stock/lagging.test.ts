import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Counted } from "../../actors/stock/counting.ts";
import { type Log, LogUnavailable } from "../../streams/log.ts";
import { encodeCommit, stockSubject } from "../../streams/stock-commit.ts";
import { id } from "../streams/id.ts";
import { lookAtEveryPrefix } from "./prefixes.ts";
import { createShop, memoryStock, messagesOf, partition, wanting } from "./world.ts";

/** Keepers that know less than the log does, or hear of it late. */

const mug = id("mug");
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));
let log: Log;
let shop: ReturnType<typeof createShop>;

beforeEach(() => {
  log = memoryStock();
  shop = createShop(log);
});
afterEach(() => shop.close());

test("who has units is not sent away, however long the log takes to say so", async () => {
  let now = 0;
  let isCareless = true;
  let failing = 0;
  const slow: Log = {
    ...log,
    async append(subject, payload, options) {
      if (!isCareless) return log.append(subject, payload, options);
      isCareless = false;
      // A racing writer was first, and the server took both.
      const nothing = { counts: [], forgets: [], ends: [], holds: [] };
      await log.append(subject, encodeCommit({ id: "dead", after: 99, ...nothing }));
      failing = 1;
      return log.append(subject, payload);
    },
    async next(subject, sequence) {
      const found = await log.next(subject, sequence);
      // Behind the commit itself.
      if (found === undefined && failing > 0) {
        failing--;
        now += 3_000;
        throw new LogUnavailable("no leader");
      }
      return found;
    },
  };
  const other = createShop(slow);
  other.stock(mug, 5);
  const keeper = await other.keeper({ clock: () => now });
  expect(await keeper.hold(wanting("a", mug))).toEqual({ outcome: "held" });
  expect(lookAtEveryPrefix(await messagesOf(log)).accepted.get("a")).toBe(1);
  await other.close();
});

test("who is refused is refused by the newest state, also where the log failed while that was read", async () => {
  let isFailing = false;
  const failing: Log = {
    ...log,
    async next(subject, sequence) {
      const found = await log.next(subject, sequence);
      if (found !== undefined || !isFailing) return found;
      isFailing = false;
      throw new LogUnavailable("no leader");
    },
  };
  const behind = createShop(failing);
  for (const each of [shop, behind]) each.stock(mug, 1, 1);
  const keeper = await behind.keeper();
  await keeper.hold(wanting("a", mug));
  const other = await shop.keeper();
  await other.end({ reservation: "a", taking: 0, how: "cancelled" });
  isFailing = true;
  expect(await keeper.hold(wanting("b", mug))).toEqual({ outcome: "held" });
  await behind.close();
});

test("what was heard of a product is forgotten with it, whoever lets go of it", async () => {
  let isAway = false;
  const away: Log = {
    ...log,
    append: async (...args) => {
      if (isAway) throw new LogUnavailable("no leader");
      return log.append(...args);
    },
  };
  const behind = createShop(away);
  for (const each of [shop, behind]) each.stock(mug, 5, 1);
  const keeper = await behind.keeper();
  const other = await shop.keeper();
  await keeper.hold(wanting("a", mug));
  await keeper.end({ reservation: "a", taking: 0, how: "cancelled" });
  await other.end({ reservation: "nobody's", taking: 0, how: "expired" });
  isAway = true;
  keeper.hear(mug, { quantity: 0, sequence: 9, own: false, newest: 9 });
  await nextTurn();
  other.forget([mug]);
  await vi.waitFor(() => expect(other.stock.products.has(mug)).toBe(false));
  isAway = false;
  await vi.waitFor(() => expect(keeper.stock.products.has(mug)).toBe(false));
  // By what it had looked up before.
  await other.hold(wanting("b", mug));
  await keeper.end({ reservation: "nobody else's", taking: 0, how: "expired" });
  expect(keeper.stock.products.get(mug)).toMatchObject({ onHand: 5, held: 1 });
  expect(keeper.knownTo(mug)).toBe(1);
  behind.stock(mug, 0, 9);
  expect(await keeper.hold(wanting("c", mug))).toMatchObject({ outcome: "short" });
  await behind.close();
});

test("nothing is counted by what was looked up long ago", async () => {
  let now = 0;
  const found = Promise.withResolvers<Counted>();
  const keeper = await shop.keeper({ clock: () => now, quantityOf: () => found.promise });
  const waiting = keeper.hold(wanting("a", mug));
  await nextTurn();
  // The machine stood still, and others counted the product, sold of it and let go of it.
  now = 700_000;
  found.resolve({ quantity: 5, sequence: 1, own: true, newest: 1 });
  expect(await waiting).toEqual({ outcome: "busy" });
  expect(await messagesOf(log)).toEqual([]);
});

test("who joins a look that was begun long ago does not count by it either", async () => {
  let now = 0;
  const looks: PromiseWithResolvers<Counted>[] = [];
  const keeper = await shop.keeper({
    clock: () => now,
    quantityOf() {
      const look = Promise.withResolvers<Counted>();
      looks.push(look);
      return look.promise;
    },
  });
  const first = keeper.hold(wanting("a", mug));
  await nextTurn();
  now = 700_000;
  const second = keeper.hold(wanting("b", mug));
  await nextTurn();
  looks[0]?.resolve({ quantity: 5, sequence: 1, own: true, newest: 1 });
  looks[1]?.resolve({ quantity: 3, sequence: 2, own: true, newest: 2 });
  expect(await first).toEqual({ outcome: "busy" });
  expect(await second).toEqual({ outcome: "held" });
  expect(keeper.stock.products.get(mug)).toMatchObject({ onHand: 3, counted: 2 });
});

test("what is bought after all is not let go of", async () => {
  // More than goes into a few commits: the last of them is bought and sold before its turn.
  const all = [...Array.from({ length: 4_500 }, (_, at) => id(`p${at}`)), mug];
  const counts = all.map((product) => ({ product, quantity: 5, sequence: 1 }));
  const nothing = { forgets: [], ends: [], holds: [] };
  await log.append(stockSubject(partition), encodeCommit({ id: "counts", after: 0, counts, ...nothing }));
  shop.stock(mug, 5, 1);
  const keeper = await shop.keeper();
  const sold = keeper
    .hold(wanting("a", mug))
    .then(() => keeper.end({ reservation: "a", taking: 0, how: "sold" }));
  keeper.forget(all);
  await sold;
  await vi.waitFor(() => expect(keeper.stock.products.size).toBe(1));
  for (let turns = 0; turns < 5; turns++) await nextTurn();
  expect(keeper.stock.products.get(mug)).toMatchObject({ onHand: 4, held: 0 });
});

test("a keeper whose last commit is not the newest reads on when it hears of later stock", async () => {
  shop.stock(mug, 5, 1);
  const keeper = await shop.keeper();
  const other = await shop.keeper();
  await keeper.hold(wanting("a", mug));
  await other.hold(wanting("b", mug));
  await other.end({ reservation: "a", taking: 0, how: "sold" });
  const last = (await log.last(stockSubject(partition)))?.sequence ?? 0;
  expect(keeper.stock.sequence).toBeLessThan(last);
  keeper.hear(mug, { quantity: 3, sequence: 2, own: true, newest: 2, place: last });
  // It has no word of its own until it knows.
  expect(keeper.knownTo(mug)).toBeUndefined();
  await vi.waitFor(() => expect(keeper.stock).toEqual(other.stock));
  expect(keeper.knownTo(mug)).toBe(2);
  // One that stands for more than there is was not said by a keeper.
  keeper.hear(mug, { quantity: 3, sequence: 3, own: true, newest: 3, place: 10 ** 9 });
  await vi.waitFor(() => expect(keeper.knownTo(mug)).toBe(3));
});
