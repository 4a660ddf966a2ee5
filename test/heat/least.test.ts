import fc from "fast-check";
import { expect, test } from "vitest";
import { createLeast } from "../../api/heat/least.ts";

test("whichever values grow, what is found is the least of them", () => {
  const grow = fc.record({ at: fc.nat(16), by: fc.integer({ min: 1, max: 5 }) });
  const turn = fc.record({ growing: fc.array(grow, { maxLength: 20 }), halve: fc.boolean() });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 17 }), fc.array(turn, { maxLength: 40 }), (length, turns) => {
      const values = new Float64Array(length);
      const least = createLeast(values);
      for (const { growing, halve } of turns) {
        for (const { at, by } of growing) values[at % length] = (values[at % length] ?? 0) + by;
        if (halve) {
          for (const [at, value] of values.entries()) values[at] = value / 2;
          least.scale(1 / 2);
        }
        expect(values[least.find()]).toBe(Math.min(...values));
      }
    }),
  );
});
