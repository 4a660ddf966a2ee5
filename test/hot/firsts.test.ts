import fc from "fast-check";
import { expect, test } from "vitest";
import { firsts } from "../../actors/hot/firsts.ts";

test("the first of many are those that sorting gives", () => {
  const order = (a: number, b: number) => a - b;
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 2_000, size: "max" }),
      fc.integer({ min: -1, max: 60 }),
      (all, count) => {
        const sorted = [...all].sort(order);
        expect(firsts(all, count, order)).toEqual(sorted.slice(0, Math.max(0, count)));
      },
    ),
    { numRuns: 200 },
  );
});
