import { beforeEach, expect, test } from "vitest";
import { readModelBehind } from "../../api/behind-breakers.ts";
import { type Breaker, BreakerOpen, type BreakerState } from "../../api/breaker.ts";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import type { ReadModel } from "../../projections/read-model.ts";
import { id } from "../streams/id.ts";

/** What readers get of read models whose breaker refuses. */

const [lamp, light, sets] = [id("lamp"), id("light"), id("sets")];

let state: BreakerState;
let asked: string[];
let answer: Promise<void>;
let behind: ReadModel;

beforeEach(() => {
  asked = [];
  answer = Promise.resolve();
  const breaker: Breaker = {
    run: async () => {
      throw new BreakerOpen("spared");
    },
    nudge() {},
    get state() {
      return state;
    },
  };
  const memory = createMemoryReadModel();
  const noted = <A extends unknown[], T>(name: string, call: (...args: A) => Promise<T>) => {
    return async (...args: A): Promise<T> => {
      asked.push(name);
      await answer;
      return call(...args);
    };
  };
  behind = readModelBehind(
    {
      ...memory,
      readProducts: noted("products", memory.readProducts),
      readGroup: noted("group", memory.readGroup),
      readListing: noted("listing", memory.readListing),
      readCategoryEvents: noted("categories", memory.readCategoryEvents),
    },
    breaker,
  );
});

const lists = () => [
  behind.readGroup(sets),
  behind.readListing(light, "newest", 0, 24),
  behind.readCategoryEvents(),
];

test("a server that returns is asked for what no other tier has", async () => {
  state = "returning";
  await Promise.all(lists());
  expect(asked).toEqual(["group", "listing", "categories"]);
});

test("not for what another tier has as well", async () => {
  state = "returning";
  await expect(behind.readProducts([lamp])).rejects.toThrow(BreakerOpen);
  expect(asked).toEqual([]);
});

test("one that does not answer is not asked", async () => {
  state = "open";
  for (const read of lists()) await expect(read).rejects.toThrow(BreakerOpen);
  expect(asked).toEqual([]);
});

test("sixteen at a time", async () => {
  state = "returning";
  const gate = Promise.withResolvers<void>();
  answer = gate.promise;
  const reads = Array.from({ length: 40 }, () => behind.readGroup(sets));
  const settled = Promise.allSettled(reads);
  gate.resolve();
  const outcomes = (await settled).map(({ status }) => status);
  expect(outcomes.filter((one) => one === "fulfilled")).toHaveLength(16);
  await behind.readGroup(sets);
});
