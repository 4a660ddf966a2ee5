import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Log } from "../../streams/log.ts";
import { LogUnavailable } from "../../streams/log.ts";
import { stockSubject } from "../../streams/stock-commit.ts";
import { id } from "../streams/id.ts";
import { lookAtEveryPrefix } from "./prefixes.ts";
import { createShop, memoryStock, messagesOf, partition, wanting } from "./world.ts";

/** A keeper by itself, on a log in memory. */

const [mug, jug] = [id("mug"), id("jug")];
let log: Log;
let shop: ReturnType<typeof createShop>;

beforeEach(() => {
  log = memoryStock();
  shop = createShop(log);
});
afterEach(() => shop.close());

const outcomes = (answers: readonly { readonly outcome: string }[]) =>
  Object.fromEntries(
    [...Map.groupBy(answers, ({ outcome }) => outcome)].map(([outcome, all]) => [outcome, all.length]),
  );

test("as many buyers get a unit as there are, and those who wait share a commit", async () => {
  shop.stock(mug, 100);
  const keeper = await shop.keeper();
  const answers = await Promise.all(
    Array.from({ length: 250 }, (_, at) => keeper.hold(wanting(`r${at}`, mug))),
  );
  expect(outcomes(answers)).toEqual({ held: 100, short: 150 });
  const messages = await messagesOf(log);
  expect(messages.length).toBeLessThan(10);
  const { wrong, accepted, products } = lookAtEveryPrefix(messages);
  expect(wrong).toEqual([]);
  expect(products.get(mug)).toEqual({ stock: 100, held: 100, sold: 0 });
  // Who was told so, and nobody else, is in the log.
  const held = answers.flatMap(({ outcome }, at) => (outcome === "held" ? [`r${at}`] : []));
  expect([...accepted.keys()].sort()).toEqual(held.sort());
});

test("a short line is named with what is left, and nothing of the others is taken", async () => {
  shop.stock(mug, 1);
  shop.stock(jug, 5);
  const keeper = await shop.keeper();
  const both = [
    [mug, 2],
    [jug, 1],
  ] as const;
  expect(await keeper.hold(wanting("a", both))).toEqual({
    outcome: "short",
    lines: [{ product: mug, available: 1 }],
  });
  expect(await keeper.hold(wanting("b", jug, 5))).toEqual({ outcome: "held" });
});

test("of what nobody has counted there is none", async () => {
  const keeper = await shop.keeper();
  expect(await keeper.hold(wanting("a", mug))).toEqual({
    outcome: "short",
    lines: [{ product: mug, available: 0 }],
  });
  // Nothing was decided, so nothing was written.
  expect(await messagesOf(log)).toEqual([]);
});

test("what is given back is there for the next one; what is sold is not", async () => {
  shop.stock(mug, 2);
  const keeper = await shop.keeper();
  await keeper.hold(wanting("a", mug));
  await keeper.hold(wanting("b", mug));
  await keeper.end({ reservation: "a", taking: 0, how: "cancelled" });
  await keeper.end({ reservation: "b", taking: 0, how: "sold" });
  await keeper.end({ reservation: "nobody's", taking: 0, how: "expired" });
  expect(await keeper.hold(wanting("c", mug))).toEqual({ outcome: "held" });
  expect(await keeper.hold(wanting("d", mug))).toMatchObject({ outcome: "short" });
  expect(await keeper.hold(wanting("a", mug))).toEqual({ outcome: "ended", how: "cancelled" });
  expect(await keeper.hold(wanting("c", mug))).toEqual({ outcome: "held" });
  expect(lookAtEveryPrefix(await messagesOf(log)).products.get(mug)).toEqual({ stock: 2, held: 1, sold: 1 });
});

test("the next keeper goes on from the log", async () => {
  shop.stock(mug, 3);
  const first = await shop.keeper();
  await first.hold(wanting("a", mug));
  await first.hold(wanting("b", mug));
  await first.end({ reservation: "a", taking: 0, how: "sold" });
  const next = await shop.keeper();
  expect(next.stock.products).toEqual(first.stock.products);
  expect(await next.hold(wanting("c", mug, 2))).toMatchObject({ lines: [{ available: 1 }] });
});

test("a count that is heard counts with the units on hold; a keeper's own word is none", async () => {
  shop.stock(mug, 3, 1);
  const keeper = await shop.keeper();
  await keeper.hold(wanting("a", mug, 2));
  keeper.hear(mug, { quantity: 1, sequence: 2, own: true, newest: 2 });
  keeper.hear(mug, { quantity: 5, sequence: 3, own: false, newest: 3 });
  keeper.hear(mug, { quantity: 50, sequence: 2, own: false, newest: 3 });
  // Nobody buys it.
  keeper.hear(jug, { quantity: 7, sequence: 4, own: false, newest: 4 });
  expect(await keeper.hold(wanting("b", mug, 4))).toMatchObject({ lines: [{ available: 3 }] });
  expect(keeper.stock.products.get(mug)).toMatchObject({ onHand: 5, held: 2, counted: 3 });
  expect(keeper.stock.products.has(jug)).toBe(false);
});

test("who has seen a newer count than the keeper has heard makes it look", async () => {
  shop.stock(mug, 3, 1);
  const keeper = await shop.keeper();
  await keeper.hold(wanting("a", mug));
  shop.stock(mug, 1, 9);
  const [line] = wanting("b", mug).lines;
  const seen = (sequence: number) => ({
    ...wanting("b", mug),
    lines: [{ product: mug, quantity: 1, ...line, seen: sequence }],
  });
  expect(await keeper.hold(seen(9))).toMatchObject({ outcome: "short" });
  expect(keeper.stock.products.get(mug)?.counted).toBe(9);
});

test("a commit whose acknowledgement was lost is found, and nobody is told before", async () => {
  let lost = 2;
  const losing: Log = {
    ...log,
    async append(...args) {
      const appended = await log.append(...args);
      if (lost-- > 0) throw new LogUnavailable("no answer");
      return appended;
    },
  };
  shop = createShop(losing);
  shop.stock(mug, 5);
  const keeper = await shop.keeper();
  expect(await keeper.hold(wanting("a", mug))).toEqual({ outcome: "held" });
  expect((await messagesOf(log)).length).toBe(1);
});

test("a server that takes an id for known, though nothing came of it, is asked with another one", async () => {
  const ids: (string | undefined)[] = [];
  const mistaken: Log = {
    ...log,
    append: async (to, payload, options) => {
      ids.push(options?.id);
      if (ids.length > 2) return log.append(to, payload, options);
      return { outcome: "conflict" };
    },
  };
  shop.stock(mug, 1);
  const keeper = await shop.keeper({ log: mistaken });
  expect(await keeper.hold(wanting("a", mug))).toEqual({ outcome: "held" });
  const own = stockSubject(partition);
  expect(ids).toEqual([`${own}@0`, `${own}@0.1`, `${own}@0.2`]);
});

test("while the log does not answer nobody is answered; who has waited for too long is sent away with nothing", async () => {
  shop.stock(mug, 5);
  let isAway = false;
  let now = 0;
  const away: Log = {
    ...log,
    append: async (...args) => {
      if (isAway) throw new LogUnavailable("no leader");
      return log.append(...args);
    },
  };
  const other = createShop(away);
  other.stock(mug, 5);
  const keeper = await other.keeper({ clock: () => now });
  isAway = true;
  const first = keeper.hold(wanting("a", mug));
  await new Promise(setImmediate);
  const second = keeper.hold(wanting("b", mug));
  await new Promise(setImmediate);
  now = 3_000;
  isAway = false;
  expect(await first).toEqual({ outcome: "held" });
  expect(await second).toEqual({ outcome: "busy" });
  expect([...lookAtEveryPrefix(await messagesOf(log)).accepted.keys()]).toEqual(["a"]);
  await other.close();
});

test("who is refused is refused by the newest state, whoever wrote it", async () => {
  shop.stock(mug, 1);
  const keeper = await shop.keeper();
  const other = await shop.keeper();
  await keeper.hold(wanting("a", mug));
  await other.end({ reservation: "a", taking: 0, how: "cancelled" });
  expect(await other.hold(wanting("b", mug))).toEqual({ outcome: "held" });
  await keeper.end({ reservation: "b", taking: 0, how: "cancelled" });
  expect(await other.hold(wanting("c", mug))).toEqual({ outcome: "held" });
});

test("a keeper that ends fails those who wait, and takes nobody", async () => {
  shop.stock(mug, 5);
  const stuck: Log = { ...log, append: async () => Promise.reject(new LogUnavailable("no leader")) };
  const other = createShop(stuck);
  other.stock(mug, 5);
  const keeper = await other.keeper();
  const waiting = [
    keeper.hold(wanting("a", mug)),
    keeper.end({ reservation: "x", taking: 0, how: "sold" }),
  ].map((each) =>
    each.then(
      () => "answered",
      (error: Error) => error.name,
    ),
  );
  await new Promise(setImmediate);
  await other.close();
  expect(await Promise.all(waiting)).toEqual(["LogUnavailable", "LogUnavailable"]);
  await expect(keeper.hold(wanting("b", mug))).rejects.toThrow(LogUnavailable);
  await expect(keeper.end({ reservation: "b", taking: 0, how: "sold" })).rejects.toThrow(LogUnavailable);
});

test("what nobody buys is let go, and counted anew for the next who wants it", async () => {
  shop.stock(mug, 3, 1);
  shop.stock(jug, 3, 2);
  const keeper = await shop.keeper();
  await keeper.hold(wanting("a", mug));
  await keeper.hold(wanting("b", jug));
  await keeper.end({ reservation: "a", taking: 0, how: "sold" });
  keeper.forget([mug, jug, id("cup")]);
  const joined = keeper.hold(wanting("c", mug));
  expect(await joined).toEqual({ outcome: "held" });
  await keeper.end({ reservation: "c", taking: 0, how: "sold" });
  expect(new Set(keeper.stock.products.keys())).toEqual(new Set([mug, jug]));
  keeper.forget([mug]);
  await vi.waitFor(() => expect([...keeper.stock.products.keys()]).toEqual([jug]));
  // What CATALOG says by now.
  shop.stock(mug, 1, 7);
  expect(await keeper.hold(wanting("d", mug))).toEqual({ outcome: "held" });
  expect(await keeper.hold(wanting("e", mug))).toMatchObject({ outcome: "short" });
  const next = await shop.keeper();
  expect(next.stock).toEqual(keeper.stock);
});

test("one buyer with many requests does not stand before the others", async () => {
  shop.stock(mug, 10);
  const keeper = await shop.keeper();
  const greedy = id("greedy");
  const own = Array.from({ length: 30 }, (_, at) =>
    keeper.hold({ ...wanting(`g${at}`, mug), buyer: greedy }),
  );
  const others = ["a", "b", "c"].map((name) => keeper.hold(wanting(name, mug)));
  expect(outcomes(await Promise.all(others))).toEqual({ held: 3 });
  // No more than sixteen of one buyer wait at once.
  expect(outcomes(await Promise.all(own))).toEqual({ held: 7, short: 9, busy: 14 });
});
