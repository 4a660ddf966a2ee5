import { expect, test } from "vitest";
import { startCluster } from "../stock/cluster.ts";
import { playRounds } from "../stock/rounds.ts";
import { crashesPart } from "./crashes-part.ts";
import { hostilePart } from "./hostile-part.ts";
import { portPart } from "./port-part.ts";
import { recountsPart } from "./recounts-part.ts";
import { runTrial } from "./trial.ts";

/**
 * The short form of `npm run checkout`, in which those who buy over HTTP do so while their stock is counted. A failure
 * names its seed and where its data is.
 */

const seed = 1;
const size = { seed, products: 20, calmMs: 500, strikeGapMs: [1_000, 4_000] } as const;

test("nothing is sold twice, and nothing is left, whatever is killed", { timeout: 300_000 }, async () => {
  const result = await runTrial({
    seed,
    parts: [
      crashesPart({ seed, crashes: 1 }),
      portPart({ ...size, attempts: 10_000 }),
      recountsPart({ ...size, attempts: 600 }),
      hostilePart({ seed, bodies: 1_500 }),
    ],
  });
  expect(result.wrong).toEqual([]);
  expect(result.counts.belowHolds).toBeGreaterThan(0);
  const { port, recounts } = result.parts;
  for (const { crowd, strikes } of [port ?? {}, recounts ?? {}]) {
    expect(crowd?.counts.refused).toBeGreaterThan(0);
    expect(Object.values(strikes ?? {}).some((times) => times > 0)).toBe(true);
  }
});

test("two keepers on a replicated stream sell what there is, to the last unit", {
  timeout: 300_000,
}, async () => {
  const cluster = await startCluster();
  try {
    const rounds = await playRounds(cluster.urls, { rounds: 16, buyers: 64, stock: 100 });
    expect(rounds.map(({ sold, inLog }) => [sold, inLog])).toEqual(rounds.map(() => [100, 100]));
  } finally {
    await cluster.stop();
  }
});
