import { parentPort } from "node:worker_threads";
import type { FailedSeed, Portion, PortionDone } from "./campaign.ts";
import { planOf } from "./planned.ts";
import { plants } from "./plants.ts";
import { run } from "./run.ts";

/** One thread of a campaign: runs the seeds it is asked for, one after the other. */
parentPort?.on("message", async ({ from, count, plant }: Portion) => {
  const failed: FailedSeed[] = [];
  for (let seed = from; seed < from + count; seed++) {
    const { violation } = await run(planOf(seed), { plant: plant === undefined ? undefined : plants[plant] });
    if (violation !== undefined) failed.push({ seed, ...violation });
  }
  parentPort?.postMessage({ count, failed } satisfies PortionDone);
});
