import { afterAll, beforeAll, expect, test } from "vitest";
import { faults } from "./faults.ts";
import { type Rig, startRig } from "./rig.ts";
import { runTrial } from "./trial.ts";

/** The short form of `npm run audit`: the auditor as a process beside a shop under change. Figures are of the long one. */

let rig: Rig;

beforeAll(async () => {
  rig = await startRig({ products: 60, changesPerSecond: 20, readsPerSecond: 20, workers: 1 });
});

afterAll(async () => {
  expect(await rig?.stop()).toEqual([]);
});

const short = { seconds: 5, offsetsMs: [100, 1_000, 3_000] };

function faultNamed(name: string) {
  const fault = faults.find((one) => one.name === name);
  if (fault === undefined) throw new Error(`there is no fault ${name}`);
  return fault;
}

test("every tier of a steady shop is asked, and nothing that it shows was never so", async () => {
  const { lines, markdown, readers } = await runTrial(rig, { fault: faultNamed("steady"), ...short });
  const asked = lines.filter(({ checked }) => checked !== undefined);
  expect(new Set(asked.map(({ tier }) => tier)).size).toBe(4);
  expect(asked.reduce((sum, { wrong = 0 }) => sum + wrong, 0)).toBe(0);
  // Of each tier, at the last offset: those may be asked late, and are asked.
  for (const { offsetMs, checked } of asked) if (offsetMs === 3_000) expect(checked).toBeGreaterThan(10);
  expect(markdown).toContain("| redis | +3 s |");
  expect(readers.failures).toEqual([]);
}, 120_000);

test("an edge that ignores purges is late, by lost purges", async () => {
  const { causes, lines } = await runTrial(rig, { fault: faultNamed("purges-ignored"), ...short });
  expect(causes["purge-lost"]).toBeGreaterThan(0);
  expect(lines.reduce((sum, { wrong = 0 }) => sum + wrong, 0)).toBe(0);
}, 120_000);

test("without an edge its readers go to the nodes, and none is failed", async () => {
  const { readers, lines } = await runTrial(rig, { fault: faultNamed("edge-down"), ...short });
  expect(readers.direct).toBeGreaterThan(0);
  expect(readers.failures).toEqual([]);
  expect(lines.filter(({ tier }) => tier?.startsWith("edge")).every(({ checked = 0 }) => checked === 0)).toBe(
    true,
  );
}, 120_000);
