import { expect, test } from "vitest";
import { faults } from "./faults.ts";
import { busyHealMsMax } from "./healing.ts";
import { runTrial } from "./trial.ts";

/** The short form of `npm run chaos`: one trial of each fault. A failure names its seed and where its data is. */

const seed = 1;
const harmMs = 1_000;

for (const fault of faults) {
  const obstacle = fault.obstacle?.();
  if (obstacle !== undefined) console.warn(`skipped: ${fault.name}: ${obstacle}`);
  const options = { skip: obstacle !== undefined, timeout: 120_000 };
  test(`nothing of ${fault.name} shows`, options, async () => {
    const result = await runTrial({ fault, seed, harmMs, healMsMax: busyHealMsMax, importFiles: [] });
    expect(result).toMatchObject({ wrong: [], lost: 0, duplicates: 0, unexpected: 0, differences: 0 });
    expect(result.harms).toBeGreaterThan(0);
    expect(result.reads).toBeGreaterThan(0);
  });
}
