import fc from "fast-check";
import { expect, test } from "vitest";
import { createKeyTable, type Keyed } from "../../api/key-table.ts";

interface Entry extends Keyed {
  readonly value: number;
}

const steps = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 300 })), { maxLength: 2_000 });

test("it holds what a Map would hold", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const table = createKeyTable<Entry>();
      const oracle = new Map<string, number>();
      for (const [value, [adds, number]] of all.entries()) {
        const key = `key ${number}`;
        if (!adds) {
          table.delete(key);
          oracle.delete(key);
        } else if (!oracle.has(key)) {
          table.add({ key, chained: undefined, value });
          oracle.set(key, value);
        }
      }
      expect(table.size).toBe(oracle.size);
      for (let number = 0; number <= 300; number++) {
        const key = `key ${number}`;
        expect(table.get(key)?.value).toBe(oracle.get(key));
      }
    }),
    { numRuns: 50 },
  );
});

test("it holds what a Map would hold at every step, also with far more entries than slots at first", () => {
  const step = fc.tuple(fc.constantFrom("get", "add", "add", "delete"), fc.integer({ min: 0, max: 4_000 }));
  fc.assert(
    fc.property(fc.array(step, { minLength: 1_500, maxLength: 6_000, size: "max" }), (all) => {
      const table = createKeyTable<Entry>();
      const oracle = new Map<string, number>();
      for (const [value, [what, number]] of all.entries()) {
        const key = `SKU-${number}`;
        if (what === "delete") {
          table.delete(key);
          oracle.delete(key);
        } else if (what === "add" && !oracle.has(key)) {
          table.add({ key, chained: undefined, value });
          oracle.set(key, value);
        }
        expect(table.get(key)?.value).toBe(oracle.get(key));
        expect(table.size).toBe(oracle.size);
      }
      for (const [key, value] of oracle) expect(table.get(key)?.value).toBe(value);
    }),
    { numRuns: 30, endOnFailure: true },
  );
});

test("each entry of a slot that many share can be deleted, in whatever order, and leaves the others", () => {
  const table = createKeyTable<Entry>();
  // A table grows when each slot has one on average: of 20,000 keys thousands share theirs.
  const keys = Array.from({ length: 20_000 }, (_, at) => `SKU-${at}`);
  for (const [value, key] of keys.entries()) table.add({ key, chained: undefined, value });
  for (const [at, key] of keys.entries()) if (at % 3 === 0) table.delete(key);
  const wanted = keys.map((_, at) => (at % 3 === 0 ? undefined : at));
  expect(keys.map((key) => table.get(key)?.value)).toEqual(wanted);
  for (const key of [...keys].reverse()) table.delete(key);
  expect([table.size, keys.some((key) => table.get(key) !== undefined)]).toEqual([0, false]);
});
