import { beforeEach, describe, expect, test } from "vitest";
import { coolAfterMs, createHotSet, type HotSet } from "../../actors/hot/hot-set.ts";
import { silentMs } from "../../actors/hot/heat-sums.ts";
import { id } from "../streams/id.ts";

/** Who is hot: words of heat in, verdicts out. */

let set: HotSet;
let counts: Map<string, number>;
beforeEach(() => {
  set = createHotSet({ hotMax: 3 });
  counts = new Map();
});

function say(by: string, products: Record<string, number>, at: number, holds = true): void {
  const count = (counts.get(by) ?? 0) + 1;
  counts.set(by, count);
  const heats = Object.entries(products).map(([key, perSecond]) => ({ key, perSecond }));
  set.hear({ by, count, holds, products: heats, callers: heats, endpoints: [] }, at);
}
const judge = (at: number) => set.judge(at).map(({ type, id: product }) => `${product} ${type}`);

describe("heat", () => {
  test("is the sum over the workers, of each its newest word", () => {
    say("a", { lamp: 30 }, 0);
    expect(judge(0)).toEqual([]);
    say("b", { lamp: 19 }, 1);
    expect(judge(1)).toEqual([]);
    say("b", { lamp: 20 }, 2);
    expect(judge(2)).toEqual(["lamp heated"]);
    expect(set.perSecond(id("lamp"))).toBe(50);
  });

  test("a word that comes late or twice changes nothing", () => {
    const word = { by: "a", holds: true, callers: [], endpoints: [] };
    set.hear({ ...word, count: 2, products: [{ key: "lamp", perSecond: 10 }] }, 0);
    set.hear({ ...word, count: 1, products: [{ key: "lamp", perSecond: 90 }] }, 1);
    expect(judge(1)).toEqual([]);
  });

  test("of who is silent for a second counts for nothing", () => {
    say("a", { lamp: 60 }, 0);
    judge(0);
    judge(silentMs);
    expect(set.perSecond(id("lamp"))).toBe(60);
    expect(set.holders(silentMs)).toEqual(["a"]);
    judge(silentMs + 1);
    expect(set.perSecond(id("lamp"))).toBe(0);
    expect(set.holders(silentMs + 1)).toEqual([]);
  });

  test("makes hot from 50 reads a second on, and no longer below 20 for ten seconds", () => {
    say("a", { lamp: 50 }, 0);
    expect(judge(0)).toEqual(["lamp heated"]);
    for (let at = 500; at <= 30_000; at += 500) {
      say("a", { lamp: 21 }, at);
      expect(judge(at)).toEqual([]);
    }
    for (let at = 30_500; at < 30_500 + coolAfterMs; at += 500) {
      say("a", { lamp: 19 }, at);
      expect(judge(at)).toEqual([]);
    }
    say("a", { lamp: 19 }, 30_500 + coolAfterMs);
    expect(judge(30_500 + coolAfterMs)).toEqual(["lamp cooled"]);
  });

  test("that returns within ten seconds never went", () => {
    say("a", { lamp: 50 }, 0);
    judge(0);
    say("a", {}, 500);
    judge(500);
    say("a", { lamp: 30 }, 9_000);
    judge(9_000);
    say("a", {}, 9_500);
    expect(judge(15_000)).toEqual([]);
    expect(judge(9_500 + coolAfterMs)).toEqual([]);
    expect(judge(15_000 + coolAfterMs)).toEqual(["lamp cooled"]);
  });

  test("of what is no product's name is passed over", () => {
    say("a", { "": 500, "\u0000": 500 }, 0);
    expect(judge(0)).toEqual([]);
  });
});

describe("room", () => {
  test("the coolest gives its place to one that is hotter by a quarter, and to no other", () => {
    say("a", { one: 60, two: 70, three: 80 }, 0);
    expect(judge(0)).toEqual(["three heated", "two heated", "one heated"]);
    say("a", { one: 60, two: 70, three: 80, four: 74 }, 100);
    expect(judge(100)).toEqual([]);
    say("a", { one: 60, two: 70, three: 80, four: 76 }, 200);
    expect(judge(200)).toEqual(["one evicted", "four heated"]);
  });

  test("what an operator or a sale wants takes the place of heat, and loses it to its own kind alone", () => {
    say("a", { one: 600, two: 700, three: 800 }, 0);
    judge(0);
    set.claim(id("deal"), "kept");
    expect(judge(100)).toEqual(["one evicted", "deal admitted"]);
    say("a", { one: 9_000, two: 700, three: 800 }, 200);
    expect(judge(200)).toEqual(["two evicted", "one heated"]);
    set.claim(id("deal2"), "kept");
    set.claim(id("deal3"), "kept");
    set.claim(id("deal4"), "kept");
    expect(judge(300)).toEqual(["three evicted", "deal2 admitted", "one evicted", "deal3 admitted"]);
    say("a", { deal4: 5 }, 400);
    expect(judge(400)).toEqual(["deal3 evicted", "deal4 admitted"]);
  });

  test("a place that becomes free goes to the hottest of those who wait", () => {
    say("a", { one: 60, two: 70, three: 80, four: 61, five: 62 }, 0);
    expect(judge(0)).toEqual(["three heated", "two heated", "five heated"]);
    set.claim(id("deal"), "kept");
    expect(judge(100)).toEqual(["five evicted", "deal admitted"]);
    set.claim(id("deal"), undefined);
    expect(judge(200)).toEqual(["five heated"]);
  });

  test("room that others want is given anew every 50 ms, or at once where a claim presses", () => {
    say("a", { one: 60, two: 70, three: 80 }, 0);
    judge(0);
    say("a", { one: 60, two: 70, three: 80, four: 90 }, 10);
    expect(judge(10)).toEqual(["one evicted", "four heated"]);
    say("a", { one: 60, two: 70, three: 80, four: 90, five: 95 }, 20);
    expect(judge(59)).toEqual([]);
    expect(judge(60)).toEqual(["two evicted", "five heated"]);
    set.claim(id("deal"), "kept");
    expect(set.judge(61, "pressing").map(({ id: product }) => product)).toEqual([id("three"), id("deal")]);
    expect([set.hasRoom(id("deal")), set.hasRoom(id("three"))]).toEqual([true, false]);
  });

  test("four times as many wait as there is room for: the coolest of more are forgotten", () => {
    for (let at = 0; at < 20; at++) set.claim(id(`p-${10 + at}`), "kept");
    say("a", { "p-29": 40, "p-28": 30 }, 0);
    const verdicts = judge(0);
    expect(verdicts.slice(0, 3)).toEqual(["p-29 admitted", "p-28 admitted", "p-10 admitted"]);
    expect(new Set(verdicts.slice(3))).toEqual(
      new Set([23, 24, 25, 26, 27].map((at) => `p-${at} forgotten`)),
    );
    for (const deal of ["p-29", "p-28", "p-10"]) set.claim(id(deal), undefined);
    const later = judge(100).concat(judge(200));
    expect(later).toEqual(["p-11 admitted", "p-12 admitted", "p-13 admitted"]);
  });

  test("of places that others deserve more 16 change hands at a time, the coolest for the hottest", () => {
    set = createHotSet({ hotMax: 40 });
    const named = (prefix: string, perSecond: number) =>
      Array.from({ length: 40 }, (_, at) => [`${prefix}-${10 + at}`, perSecond + at] as const);
    say("a", Object.fromEntries(named("old", 60)), 0);
    expect(judge(0)).toHaveLength(40);
    say("a", Object.fromEntries([...named("old", 60), ...named("new", 900)]), 50);
    const verdicts = judge(50);
    expect(verdicts.slice(0, 4)).toEqual([
      "old-10 evicted",
      "new-49 heated",
      "old-11 evicted",
      "new-48 heated",
    ]);
    expect(verdicts).toHaveLength(32);
    expect(judge(100)).toHaveLength(32);
    expect(judge(150)).toHaveLength(16);
  });

  test("where there was more room for the owner before, the coolest leave", () => {
    for (const product of ["one", "two", "three", "four", "five"])
      set.restore(id(product), { isHeated: true, hasRoom: true });
    say("a", { one: 90, two: 80, three: 70, four: 60, five: 50 }, 0);
    expect(judge(0)).toEqual(["five evicted", "four evicted"]);
    expect(judge(100)).toEqual([]);
  });

  test("the same words give the same verdicts, also where all are as hot", () => {
    const told = () => {
      set = createHotSet({ hotMax: 3 });
      counts = new Map();
      say("a", { d: 60, b: 60, c: 60, a: 60 }, 0);
      return judge(0);
    };
    expect(told()).toEqual(["a heated", "b heated", "c heated"]);
    expect(told()).toEqual(told());
  });
});

test("who takes over knows who was hot, and lets cool who is not read", () => {
  set.restore(id("lamp"), { isHeated: true, hasRoom: true });
  expect(judge(0)).toEqual([]);
  expect(judge(coolAfterMs)).toEqual(["lamp cooled"]);
});

test("callers are added up, the keenest first", () => {
  say("a", { "user:ann": 5, "user:bob": 9 }, 0);
  say("b", { "user:ann": 5 }, 0, false);
  expect(set.callers(0)).toEqual([
    { key: "user:ann", perSecond: 10 },
    { key: "user:bob", perSecond: 9 },
  ]);
  expect(set.holders(0)).toEqual(["a"]);
});
