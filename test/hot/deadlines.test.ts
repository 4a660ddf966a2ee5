import fc from "fast-check";
import { expect, test } from "vitest";
import { createDeadlines } from "../../actors/hot/deadlines.ts";

test("takes what is due, the earliest first, as a sorted list would", () => {
  const step = fc.oneof(
    fc.record({ key: fc.nat(40), at: fc.option(fc.nat(100), { nil: undefined }) }),
    fc.record({ take: fc.nat(100), max: fc.integer({ min: 1, max: 50 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const deadlines = createDeadlines<number>();
      const model = new Map<number, number>();
      for (const one of steps) {
        if ("take" in one) {
          const due = [...model.values()].filter((at) => at <= one.take).sort((a, b) => a - b);
          const taken = deadlines.take(one.take, one.max);
          // Each once, and of those that are due the earliest.
          expect(new Set(taken).size).toBe(taken.length);
          expect(taken.map((key) => model.get(key))).toEqual(due.slice(0, one.max));
          for (const key of taken) model.delete(key);
        } else {
          deadlines.set(one.key, one.at);
          if (one.at === undefined) model.delete(one.key);
          else model.set(one.key, one.at);
        }
        expect(deadlines.next()).toBe(model.size === 0 ? undefined : Math.min(...model.values()));
      }
    }),
    { numRuns: 300 },
  );
});
