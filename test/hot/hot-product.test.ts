import { describe, expect, test } from "vitest";
import { coolingMs, holdMs, loadDueMs } from "../../actors/hot/hot-machine.ts";
import { absentMs, dropMs, type HotState } from "../../actors/hot/hot-state.ts";
import { id } from "../streams/id.ts";
import {
  becameHot,
  changed,
  cooled,
  given,
  heated,
  heldByAll,
  loaded,
  loadFailed,
  start,
  time,
} from "./machine.ts";

/** The state machine of one hot product: its transitions as sentences. */

const sale = (from: number, until: number, name = "deal") =>
  ({ type: "sale-planned", sale: id(name), from: start + from, until: start + until }) as const;
const refreshed = (state: HotState) => (state.due ?? 0) - start;

describe("becoming hot", () => {
  test("a cold product that is heated is loaded", () => {
    expect(given(heated)).toMatchObject({
      state: { value: "warming.loading", heat: true, due: start + loadDueMs },
      effects: ["load"],
    });
  });

  test("what was loaded is pushed", () => {
    expect(given(heated, loaded)).toMatchObject({
      state: { value: "warming.confirming", sequence: 7, due: start + holdMs },
      effects: ["push"],
    });
  });

  test("it is hot when every living worker holds it", () => {
    expect(given(heated, loaded, { type: "held", holders: 2, of: 3 }).state.value).toBe("warming.confirming");
    expect(given(...becameHot).state).toMatchObject({ value: "hot.fresh", holders: 3, of: 3 });
  });

  test("it is hot after a second with those who hold it", () => {
    const some = { type: "held", holders: 2, of: 3 } as const;
    expect(given(heated, loaded, some, holdMs - 1, time).state.value).toBe("warming.confirming");
    expect(given(heated, loaded, some, holdMs, time).state).toMatchObject({
      value: "hot.fresh",
      holders: 2,
      of: 3,
    });
  });

  test("a load that fails is tried again, after a pause that grows", () => {
    const once = given(heated, loadFailed).state;
    expect(once).toMatchObject({ value: "warming.waiting", failures: 1 });
    const pause = (once.due ?? 0) - start;
    expect(given(heated, loadFailed, pause - 1, time).effects).toEqual([]);
    expect(given(heated, loadFailed, pause, time)).toMatchObject({
      state: { value: "warming.loading" },
      effects: ["load"],
    });
    const twice = given(heated, loadFailed, pause, time, loadFailed).state;
    expect((twice.due ?? 0) - start - pause).toBeGreaterThan(1.9 * pause);
  });

  test("a load that never answers has failed", () => {
    expect(given(heated, loadDueMs, time).state).toMatchObject({ value: "warming.waiting", failures: 1 });
  });

  test("what changes while it is loaded is loaded once more as soon as it is hot", () => {
    expect(given(heated, changed, changed, loaded, heldByAll)).toMatchObject({
      state: { value: "hot.refreshing", again: false },
      effects: ["load"],
    });
  });

  test("a product that is not there is cold, and is not looked for again for a minute", () => {
    const absent = { type: "absent" } as const;
    expect(given(heated, absent)).toMatchObject({ state: { value: "cold", heat: true }, effects: [] });
    expect(given(heated, absent, heated).effects).toEqual([]);
    expect(given(heated, absent, absentMs, time).effects).toEqual(["load"]);
    expect(given(heated, absent, changed).effects).toEqual(["load"]);
    expect(given(...becameHot, absent)).toMatchObject({ state: { value: "cold" }, effects: ["cool"] });
  });
});

describe("being hot", () => {
  const due = refreshed(given(...becameHot).state);

  test("it is refreshed well before the trust of gateways ends", () => {
    expect(due).toBeGreaterThanOrEqual(10_000);
    expect(due).toBeLessThan(14_000);
    expect(given(...becameHot, due - 1, time).effects).toEqual([]);
    expect(given(...becameHot, due, time)).toMatchObject({
      state: { value: "hot.refreshing" },
      effects: ["load"],
    });
    expect(given(...becameHot, due, time, loaded)).toMatchObject({
      state: { value: "hot.fresh", due: start + 2 * due },
      effects: ["push"],
    });
  });

  test("a change is loaded and pushed at once, and of many one more behind it", () => {
    expect(given(...becameHot, changed).effects).toEqual(["load"]);
    expect(given(...becameHot, changed, changed, changed).effects).toEqual([]);
    expect(given(...becameHot, changed, changed, changed, loaded)).toMatchObject({
      state: { value: "hot.refreshing" },
      effects: ["push", "load"],
    });
    expect(given(...becameHot, changed, changed, loaded, loaded).state.value).toBe("hot.fresh");
  });

  test("a refresh that fails leaves the last value, with a longer life, and alerts once", () => {
    const failed = [...becameHot, due, time, loadFailed];
    const stale = given(...failed).state;
    expect(given(...failed)).toMatchObject({ state: { value: "hot.stale" }, effects: ["push", "alert"] });
    const retry = (stale.due ?? 0) - start - due;
    const again = [...failed, retry, time, loadFailed];
    expect(given(...again)).toMatchObject({ state: { value: "hot.stale", failures: 2 }, effects: ["push"] });
    expect(given(...failed, retry, time, loaded)).toMatchObject({
      state: { value: "hot.fresh", failures: 0, alerted: false },
      effects: ["push", "calm"],
    });
  });

  test("an older value than the one before does not count as newer", () => {
    expect(given(...becameHot, changed, { type: "loaded", sequence: 5, isLarge: false }).state.sequence).toBe(
      7,
    );
  });

  test("a new owner loads it anew, since it may have missed what changed", () => {
    expect(given(...becameHot, { type: "resumed" })).toMatchObject({
      state: { value: "hot.refreshing" },
      effects: ["load"],
    });
    expect(given(heated, loaded, { type: "resumed" }).state.value).toBe("warming.loading");
  });
});

describe("push or invalidate", () => {
  const writesMore = { type: "rate", reads: 60, writes: 60 } as const;
  const readsMore = { type: "rate", reads: 121, writes: 60 } as const;

  test("where it is written as often as read, its changes invalidate: it is told so with the last value", () => {
    expect(given(...becameHot, writesMore)).toMatchObject({
      state: { value: "hot.fresh", mode: "invalidate", reads: 60, writes: 60 },
      effects: ["push"],
    });
    expect(given(...becameHot, writesMore, changed).effects).toEqual([]);
  });

  test("it is pushed again only from two reads for each write on", () => {
    const between = { type: "rate", reads: 100, writes: 60 } as const;
    expect(given(...becameHot, between).state.mode).toBe("push");
    expect(given(...becameHot, writesMore, between).state.mode).toBe("invalidate");
    expect(given(...becameHot, writesMore, readsMore)).toMatchObject({
      state: { value: "hot.refreshing", mode: "push", reads: 121, writes: 60 },
      effects: ["load"],
    });
  });

  test("what a sale or an operator has made warm is pushed before its readers come, unless it changes very often", () => {
    const unread = { type: "rate", reads: 1, writes: 9 } as const;
    const unreadAndBusy = { type: "rate", reads: 1, writes: 20 } as const;
    for (const reason of [sale(0, 9_000), { type: "operator-added", command: 1 } as const]) {
      const warm = [reason, loaded, { type: "held", holders: 3, of: 3 }] as const;
      expect(given(...warm, unread).state).toMatchObject({ value: "hot.fresh", mode: "push" });
      expect(given(...warm, unreadAndBusy).state).toMatchObject({ mode: "invalidate", reads: 1, writes: 20 });
    }
    expect(given(...becameHot, unread).state.mode).toBe("invalidate");
    // It was read and written, and nobody expected that; now a sale is coming.
    expect(given(...becameHot, unread, sale(0, 9_000), unread).state.mode).toBe("push");
  });
});

describe("the reasons", () => {
  test("a sale warms it from the moment that is planned until it ends", () => {
    expect(given(sale(1_000, 9_000))).toMatchObject({
      state: { value: "cold", deadline: start + 1_000 },
      effects: [],
    });
    expect(given(sale(1_000, 9_000), 1_000, time).effects).toEqual(["load"]);
    const hot = [sale(1_000, 9_000), 1_000, time, loaded, heldByAll];
    expect(given(...hot).state.deadline).toBe(start + 9_000);
    expect(given(...hot, 8_000, time)).toMatchObject({
      state: { value: "cooling", sales: [] },
      effects: ["cool"],
    });
  });

  test("a sale that is cancelled is no reason any more, and one that moved has its new times", () => {
    const hot = [sale(0, 9_000), loaded, heldByAll];
    expect(given(...hot, { type: "sale-cancelled", sale: id("deal") }).state.value).toBe("cooling");
    expect(given(...hot, sale(0, 5_000)).state.deadline).toBe(start + 5_000);
  });

  test("of many sales of one product those that begin last are not kept in mind", () => {
    const many = Array.from({ length: 40 }, (_, at) => sale(1_000 * (40 - at), 900_000, `deal-${at}`));
    const { sales } = given(...many).state;
    expect(sales).toHaveLength(16);
    expect(Math.max(...sales.map(({ from }) => from))).toBe(start + 16_000);
  });

  test("a steep drop of the price counts for five minutes", () => {
    const hot = [{ type: "price-dropped" } as const, loaded, heldByAll];
    expect(given(...hot, dropMs - 1, time).state.value).not.toBe("cooling");
    expect(given(...hot, dropMs, time).state.value).toBe("cooling");
  });

  test("what an operator added stays until it is removed, whatever the heat", () => {
    const added = { type: "operator-added", command: 4 } as const;
    const removed = { type: "operator-removed", command: 5 } as const;
    expect(given(added, loaded, heldByAll, cooled).state.value).toBe("hot.fresh");
    expect(given(added, loaded, heldByAll, removed).state.value).toBe("cooling");
    expect(given(added, removed, added).state).toMatchObject({ operator: false, command: 5 });
    expect(given(heated, added, loaded, heldByAll, removed).state.value).toBe("hot.fresh");
  });

  test("without room no reason counts", () => {
    const evicted = { type: "evicted" } as const;
    expect(given(...becameHot, evicted)).toMatchObject({ state: { value: "cooling" }, effects: ["cool"] });
    expect(given(evicted, sale(0, 9_000)).effects).toEqual([]);
    expect(given(evicted, sale(0, 9_000), { type: "admitted" }).effects).toEqual(["load"]);
  });
});

describe("cooling", () => {
  test("nothing is refreshed any more, and after half a minute it is cold", () => {
    const cooling = [...becameHot, cooled];
    expect(given(...cooling)).toMatchObject({
      state: { value: "cooling", due: start + coolingMs },
      effects: ["cool"],
    });
    expect(given(...cooling, changed).effects).toEqual([]);
    expect(given(...cooling, coolingMs - 1, time).state.value).toBe("cooling");
    expect(given(...cooling, coolingMs, time).state).toMatchObject({ value: "cold", deadline: null });
  });

  test("with a reason it is hot again at once, with a value that is loaded anew", () => {
    expect(given(...becameHot, cooled, heated)).toMatchObject({
      state: { value: "hot.refreshing" },
      effects: ["load"],
    });
    expect(given(heated, cooled, heated).state.value).toBe("warming.loading");
  });

  test("an alert is over when the product is cold", () => {
    const failed = [...becameHot, changed, loadFailed, cooled];
    expect(given(...failed, coolingMs, time)).toMatchObject({ state: { alerted: false }, effects: ["calm"] });
  });
});

test("a state is small, plain JSON", () => {
  const { state } = given(sale(0, 9_000), ...becameHot);
  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  expect(JSON.stringify(state).length).toBeLessThan(600);
});

test("an event that changes nothing leaves the very state", () => {
  const { state } = given(...becameHot);
  expect(given(...becameHot, heldByAll, heated).state).toEqual(state);
});
