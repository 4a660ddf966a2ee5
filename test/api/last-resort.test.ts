import { beforeEach, expect, test, vi } from "vitest";
import { type Breaker, BreakerOpen, type BreakerState } from "../../api/breaker.ts";
import { withLastResort } from "../../api/last-resort.ts";
import { Problem } from "../../api/problems.ts";
import { createReadCounters } from "../../api/read-counters.ts";
import type { CatalogReader, Found } from "../../api/reader.ts";
import { id } from "../streams/id.ts";

/** A breaker spares a server, and is never the reason for having no answer. */

const lamp = id("lamp");
const away = new Problem("unavailable", "away");
const wanted = { freshnessMs: 5_000 };
const some = [{ sequence: 7, source: "log" } as Found];

let state: BreakerState;
let nudges: number;
let redisNudges: number;
let behind: number;
let past: number;
let pastResult: () => Promise<readonly Found[]>;
let failure: Error | undefined;
let reader: CatalogReader;

beforeEach(() => {
  state = "open";
  nudges = 0;
  redisNudges = 0;
  behind = 0;
  past = 0;
  failure = away;
  pastResult = async () => some;
  const other: Breaker = { run: (call) => call(), nudge: () => {}, state: "closed" };
  const breaker: Breaker = {
    run: (call) => call(),
    nudge: () => void nudges++,
    get state() {
      return state;
    },
  };
  const rest = {
    reviews: async () => ({ reviews: undefined, degraded: false }),
    strongPrice: async () => ({ price: undefined, sales: undefined }),
    strongInventory: async () => undefined,
    strongExists: async () => true,
    strongDetails: async () => undefined,
    category: async () => undefined,
    counters: createReadCounters(),
  };
  reader = withLastResort(
    {
      ...rest,
      async read() {
        behind++;
        if (failure !== undefined) throw failure;
        return some;
      },
    },
    {
      ...rest,
      read() {
        past++;
        return pastResult();
      },
    },
    { redis: { ...other, nudge: () => void redisNudges++ }, log: breaker },
  );
});

test("what no tier answers while a breaker is open is asked for past it, and its success is a sign of life", async () => {
  expect(await reader.read([lamp], wanted)).toBe(some);
  expect([behind, past, nudges]).toEqual([1, 1, 1]);
  state = "returning";
  expect(await reader.read([lamp], wanted)).toBe(some);
});

test.each([
  ["the breakers are closed", () => void (state = "closed"), wanted],
  ["the reader holds something older", () => {}, { ...wanted, hasOlder: true }],
])("it is not where %s", async (_, arrange, options) => {
  arrange();
  await expect(reader.read([lamp], options)).rejects.toBe(away);
  expect(past).toBe(0);
});

test("it is where a breaker opened in the middle of the read", async () => {
  state = "closed";
  failure = new Problem("unavailable", "away", [], {
    cause: new Error("the log", { cause: new BreakerOpen("not asked") }),
  });
  expect(await reader.read([lamp], wanted)).toBe(some);
});

test("an answer, or another error, needs no second try", async () => {
  failure = undefined;
  await reader.read([lamp], wanted);
  failure = new Error("broken");
  await expect(reader.read([lamp], wanted)).rejects.toBe(failure);
  expect(past).toBe(0);
});

test("a few go past at once; the rest hear at once that nothing answers", async () => {
  const gate = Promise.withResolvers<readonly Found[]>();
  pastResult = () => gate.promise;
  const reads = Array.from({ length: 100 }, () => reader.read([lamp], wanted));
  const settled = Promise.allSettled(reads);
  gate.resolve(some);
  const outcomes = (await settled).map(({ status }) => status);
  expect(outcomes.filter((one) => one === "fulfilled")).toHaveLength(16);
  expect(past).toBe(16);
  expect(await reader.read([lamp], wanted)).toBe(some);
});

test("one that takes longer than a second is given up", async () => {
  vi.useFakeTimers();
  try {
    pastResult = () => new Promise(() => {});
    const given = expect(reader.read([lamp], wanted)).rejects.toBe(away);
    await vi.advanceTimersByTimeAsync(1_000);
    await given;
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test("strong reads always go past, and tell that the log lives", async () => {
  await reader.strongExists(lamp);
  await reader.strongPrice(lamp);
  await reader.strongInventory(lamp);
  expect([nudges, redisNudges]).toEqual([3, 0]);
});
