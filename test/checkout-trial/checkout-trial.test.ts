import { expect, test } from "vitest";
import { startCluster } from "../stock/cluster.ts";
import { playRounds } from "../stock/rounds.ts";
import { crashesPart } from "./crashes-part.ts";
import { httpPart } from "./http-part.ts";
import { portPart } from "./port-part.ts";
import { runTrial } from "./trial.ts";

/** The short form of `npm run checkout`. A failure names its seed and where its data is. */

const seed = 1;

test("nothing is sold twice, and nothing is left, whatever is killed", { timeout: 300_000 }, async () => {
  const result = await runTrial({
    seed,
    parts: [
      crashesPart({ seed, crashes: 1 }),
      portPart({ seed, attempts: 10_000, products: 20, calmMs: 500 }),
      httpPart({ seed, attempts: 600, products: 20, calmMs: 500 }),
    ],
  });
  expect(result.wrong).toEqual([]);
  const { http, port } = result.parts;
  for (const { crowd, strikes } of [http ?? {}, port ?? {}]) {
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
