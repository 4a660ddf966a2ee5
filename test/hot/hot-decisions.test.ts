import { beforeEach, describe, expect, test } from "vitest";
import { silentMs } from "../../actors/hot/heat-sums.ts";
import { type Decided, keepEveryMs } from "../../actors/hot/hot-actors.ts";
import { createHotDecisions, type HotDecisions } from "../../actors/hot/hot-decisions.ts";
import type { HotInput } from "../../actors/hot/hot-input.ts";
import { absentMs, type HotState, initialState } from "../../actors/hot/hot-state.ts";
import { aspects } from "../../projections/aspects.ts";
import type { Transition } from "../../actors/hot/transitions.ts";
import { tokenOf } from "../../streams/identifier.ts";
import { id } from "../streams/id.ts";

/** What is decided of many products: slice by slice, and never of more than there is room for. */

const start = 1_000_000_000_000;
const hotMax = 400;
/** What one input of time decides: of the queue, of deadlines, of changes, of what is written anew. */
const decidedMax = 4 * 16 * 2;

let decisions: HotDecisions;
/** Milliseconds since the start, by either clock. */
let [wall, clock] = [0, 0];
/** All transitions. */
let written: Transition[] = [];
let sequence = 0;
let count = 0;
beforeEach(() => {
  decisions = createHotDecisions({ hotMax, warmBeforeMs: 300_000 });
  [wall, clock] = [0, 0];
  written = [];
});

const moment = () => ({ at: start + wall, clock });

function take(input: HotInput): Decided {
  const decided = decisions.take(input, moment());
  written.push(...decided.transitions);
  return decided;
}

function pass(ms: number): void {
  wall += ms;
  clock += ms;
}

/** Until nothing is due at this moment. Each slice is what one input of time decides. */
function slices(): readonly Decided[] {
  const all = [];
  do all.push(take({ kind: "time" }));
  while (decisions.waitMs(moment()) === 0);
  return all;
}

function settle(): Pick<Decided, "transitions" | "todo"> {
  const all = slices();
  return {
    transitions: all.flatMap(({ transitions }) => transitions),
    todo: all.flatMap(({ todo }) => todo),
  };
}

const loadsOf = ({ todo }: Pick<Decided, "todo">) =>
  todo.flatMap(({ kind, id: product }) => (kind === "load" ? [product] : []));

function schedule(sale: string, startsInMs: number, lengthMs: number, sold: readonly string[]): void {
  const starts_at = start + wall + startsInMs;
  const items = sold.map((product_id) => ({
    product_id: id(product_id),
    sale_price: { amount: 1, currency: "EUR" },
  }));
  const head = { id: id(sale), token: tokenOf(id(sale)), partition: 0, loggedAt: 0, at: 0 };
  const data = { starts_at, ends_at: starts_at + lengthMs, items };
  take({ kind: "sale", event: { kind: "sale.scheduled", ...head, sequence: ++sequence, data } });
}

function cancel(sale: string): void {
  const head = { id: id(sale), token: tokenOf(id(sale)), partition: 0, loggedAt: 0, at: 0 };
  take({ kind: "sale", event: { kind: "sale.cancelled", ...head, sequence: ++sequence, data: {} } });
}

function heat(products: Readonly<Record<string, number>>): void {
  const heats = Object.entries(products).map(([key, perSecond]) => ({ key, perSecond }));
  const word = { by: "a", count: ++count, holds: false, products: heats, callers: [], endpoints: [] };
  take({ kind: "heat", word });
}

const command = (wanted: "add" | "remove", product: string) =>
  take({
    kind: "command",
    command: { command: wanted, at: 0, product: id(product), sequence: ++sequence },
  });

const change = (product: string, touched: number = aspects.price) =>
  take({ kind: "change", products: [[id(product), touched]], drops: [] });

/** Loads what is asked for, until nothing is. */
function loadAll(from: Pick<Decided, "todo">, isLarge = false): void {
  for (let asked = loadsOf(from); asked.length > 0; asked = loadsOf(settle()))
    for (const product of asked) take({ kind: "loaded", id: product, sequence: 1, isLarge });
}

const many = (prefix: string, length: number) => Array.from({ length }, (_, at) => `${prefix}-${at}`);
const valueOf = (product: string) => decisions.state(id(product))?.value;

describe("a sale of more products than there is room for", () => {
  const sold = many("p", 3_000);

  test("becomes as many machines as there is room, of the hottest, slice by slice", () => {
    heat({ "p-2900": 9, "p-2901": 8 });
    schedule("deal", 400_000, 3_600_000, sold);
    settle();
    pass(100_000);
    heat({ "p-2900": 9, "p-2901": 8 });
    const all = slices();
    for (const { transitions } of all) expect(transitions.length).toBeLessThanOrEqual(decidedMax);
    expect(all.length).toBeGreaterThan(hotMax / 64);
    const loaded = all.flatMap(loadsOf);
    expect(new Set(loaded).size).toBe(hotMax);
    expect(loaded.length).toBe(hotMax);
    expect(loaded).toEqual(expect.arrayContaining([id("p-2900"), id("p-2901")]));
    expect(sold.filter((product) => decisions.state(id(product)) !== undefined)).toHaveLength(hotMax);
  });

  test("ends slice by slice as well, and nothing of it is left", () => {
    schedule("deal", 0, 60_000, sold);
    loadAll(settle());
    pass(60_000);
    const all = slices();
    for (const { transitions } of all) expect(transitions.length).toBeLessThanOrEqual(decidedMax);
    expect(sold.filter((product) => valueOf(product) === "cooling")).toHaveLength(hotMax);
    pass(40_000);
    settle();
    expect(sold.filter((product) => decisions.state(id(product)) !== undefined)).toEqual([]);
    // Its room is free, and nobody waits for it any more.
    heat({ lamp: 60 });
    expect(loadsOf(settle())).toEqual([id("lamp")]);
  });

  test("room that becomes free goes to one that waits, and to none once the sale is cancelled", () => {
    schedule("deal", 0, 600_000, sold);
    loadAll(settle());
    heat(Object.fromEntries(many("o", hotMax).map((product) => [product, 5])));
    for (const product of many("o", hotMax)) command("add", product);
    loadAll(settle());
    pass(40_000);
    loadAll(settle());
    expect(sold.filter((product) => decisions.state(id(product)) !== undefined)).toEqual([]);
    command("remove", "o-7");
    const admitted = [];
    for (let times = 0; times < 4; times++) {
      admitted.push(...loadsOf(settle()).filter((product) => product.startsWith("p")));
      pass(60);
    }
    expect(admitted).toHaveLength(1);
    cancel("deal");
    settle();
    command("remove", "o-8");
    for (let times = 0; times < 4; times++) {
      expect(loadsOf(settle()).filter((product) => product.startsWith("p"))).toEqual([]);
      pass(60);
    }
  });

  test("is not cancelled before it is planned, in whatever slices", () => {
    schedule("deal", 0, 600_000, sold);
    take({ kind: "time" });
    cancel("deal");
    settle();
    pass(60_000);
    settle();
    expect(sold.filter((product) => decisions.state(id(product)) !== undefined)).toEqual([]);
  });
});

describe("changes", () => {
  beforeEach(() => {
    command("add", "lamp");
    loadAll(settle());
    pass(1_000);
    settle();
  });

  test("the first is acted on at once, those behind it together 100 ms later", () => {
    change("lamp");
    expect(valueOf("lamp")).toBe("hot.refreshing");
    take({ kind: "loaded", id: id("lamp"), sequence: 2, isLarge: false });
    pass(20);
    for (let times = 0; times < 5; times++) change("lamp");
    expect(loadsOf(settle())).toEqual([]);
    expect(decisions.waitMs(moment())).toBe(80);
    pass(79);
    expect(loadsOf(settle())).toEqual([]);
    pass(1);
    expect(loadsOf(settle())).toEqual([id("lamp")]);
    take({ kind: "loaded", id: id("lamp"), sequence: 3, isLarge: false });
    pass(1_000);
    expect(loadsOf(settle())).toEqual([]);
  });

  test("a quantity alone waits for half a second, and anything else does not wait for it", () => {
    change("lamp", aspects.quantity);
    take({ kind: "loaded", id: id("lamp"), sequence: 2, isLarge: false });
    change("lamp", aspects.quantity);
    pass(499);
    expect(loadsOf(settle())).toEqual([]);
    pass(1);
    expect(loadsOf(settle())).toEqual([id("lamp")]);
    take({ kind: "loaded", id: id("lamp"), sequence: 3, isLarge: false });
    change("lamp", aspects.quantity);
    change("lamp", aspects.quantity + aspects.stock);
    pass(100);
    expect(loadsOf(settle())).toEqual([id("lamp")]);
  });

  test("that are pushed and loaded again are not written; what a new owner must know is", () => {
    written = [];
    let loads = 0;
    for (let times = 0; times < 600; times++) {
      heat({ lamp: 45 });
      for (const _ of [...loadsOf(change("lamp")), ...loadsOf(settle())]) {
        loads++;
        take({ kind: "loaded", id: id("lamp"), sequence: times, isLarge: false });
      }
      pass(100);
    }
    expect(loads).toBeGreaterThan(500);
    expect(written).toEqual([]);
    heat({ lamp: 3 });
    for (let times = 0; times < 60; times++) {
      for (let changes = 0; changes < 4; changes++) change("lamp");
      pass(100);
      settle();
    }
    expect(written.filter(({ event }) => event.type === "rate")).toMatchObject([
      { event: { reads: 0 }, after: { mode: "invalidate" } },
    ]);
  });
});

test("a value that is too large is pushed to nobody: workers let go of the last one, and one alert says so", () => {
  command("add", "lamp");
  loadAll(settle());
  const kinds = ({ todo }: Decided) => todo.map(({ kind }) => kind);
  const large = { kind: "loaded", id: id("lamp"), sequence: 2, isLarge: true } as const;
  change("lamp");
  const first = take(large);
  expect(kinds(first)).toEqual(["cool", "warn"]);
  expect(first.transitions.at(-1)?.after).toMatchObject({ mode: "invalidate", oversized: true });
  // However much it is read, and however little written.
  heat({ lamp: 900 });
  for (let times = 0; times < 20; times++) {
    pass(1_000);
    heat({ lamp: 900 });
    for (const _ of loadsOf(settle())) expect(kinds(take(large))).toEqual([]);
  }
  expect(decisions.state(id("lamp"))).toMatchObject({ mode: "invalidate" });
  pass(15_000);
  heat({ lamp: 900 });
  expect(loadsOf(settle())).toEqual([id("lamp")]);
  expect(kinds(take({ ...large, isLarge: false }))).toEqual(["push"]);
  pass(1_000);
  heat({ lamp: 900 });
  settle();
  expect(decisions.state(id("lamp"))).toMatchObject({ mode: "push", oversized: false });
});

test("what is wanted and cold, and whatever else stands for an hour, is written anew each hour", () => {
  decisions = createHotDecisions({ hotMax: 1, warmBeforeMs: 300_000 });
  command("add", "lamp");
  command("add", "chair");
  loadAll(settle());
  expect([valueOf("lamp"), valueOf("chair")]).toEqual(["hot.fresh", "cold"]);
  written = [];
  const hours = 3;
  for (let left = hours * keepEveryMs; left > 0; left -= 10_000) {
    pass(10_000);
    loadAll(settle());
  }
  const told = written.map(({ event, before, after }) => `${after.product} ${event.type} ${before}`);
  expect(told.filter((one) => one.startsWith("lamp kept hot."))).toHaveLength(hours);
  expect(told.filter((one) => one === "chair kept cold")).toHaveLength(hours);
  expect(told.filter((one) => one.includes(" kept "))).toHaveLength(2 * hours);
});

describe("clocks", () => {
  test("a wall's clock that goes back stops neither refreshes nor forgetting", () => {
    command("add", "lamp");
    command("add", "unknown");
    heat({ chair: 90 });
    const { todo } = settle();
    expect(loadsOf({ todo })).toHaveLength(3);
    take({ kind: "loaded", id: id("unknown"), sequence: undefined, isLarge: false });
    for (const product of ["lamp", "chair"])
      take({ kind: "loaded", id: id(product), sequence: 1, isLarge: false });
    wall -= 3_600_000;
    clock += 10;
    // Nobody knows for how long it was wrong: everything is loaded anew.
    expect([...loadsOf(settle())].sort()).toEqual([id("chair"), id("lamp")]);
    for (const product of ["lamp", "chair"])
      take({ kind: "loaded", id: id(product), sequence: 1, isLarge: false });
    pass(15_000);
    expect(loadsOf(settle())).toContain(id("lamp"));
    expect(valueOf("chair")).toMatch(/^hot/);
    pass(absentMs);
    expect(loadsOf(settle())).toContain(id("unknown"));
    expect(valueOf("chair")).toBe("cooling");
  });

  test("a worker is silent by the clock that does not go back", () => {
    heat({ lamp: 90 });
    wall -= 60_000;
    clock += silentMs + 1;
    expect(loadsOf(settle())).toEqual([]);
    expect(decisions.callers(clock)).toEqual([]);
  });
});

test("a state in which no machine can stand costs its product the state, and no other anything", () => {
  const lamp: HotState = { ...initialState(id("lamp"), start, 0), value: "hot.fresh", heat: true };
  const broken: HotState = Object.assign({ ...lamp }, { since: 1n });
  const chair = { ...lamp, product: id("chair") };
  const products = new Map([broken, chair].map((state) => [state.product, { state, sequence: 1 }] as const));
  take({ kind: "fold", fold: { products, commands: [], last: 1 } });
  const { todo } = settle();
  expect(todo).toContainEqual({ kind: "failed", id: id("lamp"), error: expect.any(TypeError) as unknown });
  expect(todo).toContainEqual({ kind: "cool", id: id("lamp") });
  expect(valueOf("lamp")).toBeUndefined();
  expect(valueOf("chair")).toBe("hot.refreshing");
  heat({ lamp: 90 });
  expect(loadsOf(settle())).toEqual([id("lamp")]);
});
