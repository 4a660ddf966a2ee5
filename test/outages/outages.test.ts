import { expect, test } from "vitest";
import { outages } from "./outages.ts";
import { runTrial } from "./trial.ts";

/** The short form of `npm run outages`: each outage once, with less of everything. Figures are of the long one. */

const settings = {
  outageMs: 1_500,
  calmMs: 1_000,
  recoveryMsMax: 45_000,
  load: { products: 120, readsPerSecond: 100, changesPerSecond: 50 },
};

for (const outage of outages) {
  test(`readers do not notice ${outage.name}`, { timeout: 120_000 }, async () => {
    const result = await runTrial({ outage, ...settings });
    expect(result).toMatchObject({ wrong: [], differences: 0, figures: { unacked: 0, differences: [] } });
    expect(result.figures?.visibility.phases.calm.count).toBeGreaterThan(0);
  });
}
