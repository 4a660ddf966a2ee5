import { expect, test } from "vitest";
import { startCluster } from "./cluster.ts";
import { playRounds } from "./rounds.ts";

/** The short form of `npm run stock-rounds`. */
test("two keepers on a replicated stream sell what there is, to the last unit", {
  timeout: 300_000,
}, async () => {
  const cluster = await startCluster();
  try {
    const rounds = await playRounds(cluster.urls, { rounds: 5, buyers: 64, stock: 100 });
    expect(rounds.map(({ sold, inLog }) => [sold, inLog])).toEqual(rounds.map(() => [100, 100]));
  } finally {
    await cluster.stop();
  }
});
