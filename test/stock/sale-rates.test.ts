import { expect, test } from "vitest";
import { createSaleRates } from "../../actors/stock/sale-rates.ts";
import { sellsOutMsMax } from "../../projections/inventory.ts";
import type { Hold } from "../../streams/stock-commit.ts";
import { id } from "../streams/id.ts";

/** At which rate products sell, by a clock that the tests turn. */

const mug = id("mug");

function selling() {
  let at = 0;
  const rates = createSaleRates(() => at);
  const holdOf = (quantity: number): Hold => ({
    reservation: "r",
    taking: 0,
    buyer: id("ann"),
    until: 0,
    items: [{ product: mug, quantity, sale: null }],
  });
  return {
    /** So many units, evenly over so many milliseconds. */
    sell(units: number, ms: number) {
      for (let unit = 0; unit < units; unit++) {
        at += ms / units;
        rates.take([holdOf(1)]);
      }
    },
    take: (units: number) => rates.take([holdOf(units)]),
    wait: (ms: number) => void (at += ms),
    endIn: (available: number) => rates.sellsOutInMs(mug, available),
  };
}

test("what sells evenly is gone when it is sold at that rate", () => {
  const mugs = selling();
  mugs.sell(600, 60_000);
  // Ten a second.
  for (const left of [5, 50, 150]) {
    expect(mugs.endIn(left)).toBeGreaterThan(left * 95);
    expect(mugs.endIn(left)).toBeLessThan(left * 105);
  }
});

test("what is not sold has no end, nor has what is sold out", () => {
  const mugs = selling();
  expect(mugs.endIn(1)).toBeUndefined();
  mugs.take(5);
  expect(mugs.endIn(0)).toBeUndefined();
  expect(mugs.endIn(1)).toBeDefined();
});

test("an end is told once it is half a minute away, and until it is three quarters of one", () => {
  const mugs = selling();
  mugs.take(10);
  // A unit a second, for this moment.
  expect(mugs.endIn(30)).toBeUndefined();
  expect(mugs.endIn(29)).toBeCloseTo(29_000);
  expect(mugs.endIn(44)).toBeCloseTo(44_000);
  expect(mugs.endIn(45)).toBeUndefined();
  expect(mugs.endIn(44)).toBeUndefined();
  expect(45_000).toBeLessThan(sellsOutMsMax);
});

test("what sold once is forgotten by and by", () => {
  const mugs = selling();
  mugs.take(10);
  mugs.wait(10_000);
  expect(mugs.endIn(10)).toBeCloseTo(10_000 * Math.E);
  mugs.wait(10_000);
  expect(mugs.endIn(10)).toBeUndefined();
  mugs.wait(1e9);
  expect(mugs.endIn(1)).toBeUndefined();
});

test("a keeper that begins does not take its first sales for a rush", () => {
  const mugs = selling();
  mugs.sell(100, 1_000);
  // A hundred a second: half a minute away is 3,000, which it takes ten seconds to see; a tenth of that it sees at once.
  expect(mugs.endIn(2_900)).toBeUndefined();
  expect(mugs.endIn(250)).toBeDefined();
  mugs.sell(900, 9_000);
  expect(mugs.endIn(1_800)).toBeDefined();
});
