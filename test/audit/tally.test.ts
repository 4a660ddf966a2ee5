import { expect, test } from "vitest";
import { parseAudit } from "../../ops/commands/audit.ts";
import { defaultBounds } from "../../ops/audit/bounds.ts";
import { ninesOf } from "../../ops/audit/tally.ts";

/** How much is claimed, and what an operator may ask for. */

test.each([
  [1_000_123, 12, "4.9"],
  [1_000_000, 0, "> 6.0"],
  [1_000_000, 1, "6.0"],
  [999_999, 1, "5.9"],
  [10, 10, "0.0"],
  [10, 1, "1.0"],
  [0, 0, "-"],
])("of %i checked %i were not right: %s nines", (checked, faults, nines) => {
  expect(ninesOf(checked, faults)).toBe(nines);
});

test("what is asked for in words", () => {
  expect(parseAudit({ node: [] })).toMatchObject({ nodes: [], edge: undefined, bounds: defaultBounds });
  const { bounds, sample, offsets } = parseAudit({
    node: ["http://a:1"],
    sample: "0.25",
    offsets: "100,2000",
    boundEdge: "36000",
    boundNode: "2000",
  });
  expect({ sample, offsets }).toEqual({ sample: 0.25, offsets: [100, 2_000] });
  expect(bounds.node).toEqual({ toldMs: 2_000, quantityMs: 2_000 });
  // A bound for all that is shown holds for the quantity as well.
  expect(bounds.edge).toEqual({ toldMs: 36_000, quantityMs: 36_000 });
});

test.each([
  [{ node: ["ftp://a"] }, "--node ftp://a: must be http://HOST:PORT or https://HOST:PORT"],
  [{ node: [], sample: "2" }, "--sample 2: must be a share above 0 and up to 1"],
  [{ node: [], for: "0" }, "--for 0: must be a whole number from 1 on"],
  [{ node: [], offsets: "5,4" }, "--offsets 5,4: must be rising milliseconds, such as 100,1000,5000,60000"],
])("%j is refused with one line", (words, message) => {
  expect(() => parseAudit(words)).toThrow(message);
});
