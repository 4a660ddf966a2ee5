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
