import { expect, test } from "vitest";
import { faults, nothing } from "./faults.ts";
import { runTrial } from "./trial.ts";

/** The short form of `npm run midnight`: each fault once, in a smaller shop. */

const settings = { seed: 1, products: 120, readsPerSecond: 240, changesPerSecond: 20 };
let expected: readonly string[] = [];

test("a sale starts", { timeout: 120_000 }, async () => {
  const result = await runTrial({ fault: nothing, ...settings });
  expect(result).toMatchObject({ wrong: [], differences: 0 });
  const reasons = ["heat", "operator", "drop", "sale"].map(
    (reason) => result.hot.filter((line) => line.endsWith(`hot, for ${reason}`)).length,
  );
  expect(reasons).toEqual([2, 2, 2, 20]);
  expect(result.readers?.deals).toBeGreaterThan(0);
  expected = result.hot;
});

for (const fault of faults) {
  test(`it starts the same while ${fault.name} is killed`, { timeout: 120_000 }, async () => {
    const result = await runTrial({ fault, ...settings, expected });
    expect(result).toMatchObject({ wrong: [], differences: 0 });
    expect(result.hot).toEqual(expected);
  });
}
