import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** Many seeds, by several threads. */

/** What a thread is asked for, and what it says when it has done it. */
export interface Portion {
  readonly from: number;
  readonly count: number;
  /** A bug planted on purpose. */
  readonly plant: string | undefined;
}

export interface PortionDone {
  readonly count: number;
  readonly failed: readonly FailedSeed[];
}

export interface FailedSeed {
  readonly seed: number;
  readonly check: string;
  readonly what: string;
}

export interface Campaign {
  readonly from: number;
  readonly seeds: number;
  readonly jobs: number;
  readonly plant?: string | undefined;
  /** Enough when one seed has failed: what a planted bug is looked for with. */
  readonly untilOne?: boolean;
  readonly onProgress: (done: number, failed: readonly FailedSeed[]) => void;
}

/** Small enough that threads end together, large enough that asking costs nothing. */
const portionSeeds = 100;

/** Runs the seeds in their order, a portion for each idle thread. Returns those that failed, the lowest first. */
export async function runSeeds(campaign: Campaign): Promise<{
  readonly done: number;
  readonly failed: readonly FailedSeed[];
}> {
  const { from, seeds, jobs, plant, untilOne = false, onProgress } = campaign;
  const failed: FailedSeed[] = [];
  let next = from;
  let done = 0;

  async function work(): Promise<void> {
    const worker = new Worker(new URL("./seeds-thread.ts", import.meta.url));
    try {
      while (next < from + seeds && !(untilOne && failed.length > 0)) {
        const portion: Portion = { from: next, count: Math.min(portionSeeds, from + seeds - next), plant };
        next += portion.count;
        const answer = await ask(worker, portion);
        done += answer.count;
        failed.push(...answer.failed);
        onProgress(done, failed);
      }
    } finally {
      await worker.terminate();
    }
  }

  await Promise.all(Array.from({ length: jobs }, work));
  return { done, failed: failed.sort((a, b) => a.seed - b.seed) };
}

async function ask(worker: Worker, portion: Portion): Promise<PortionDone> {
  worker.postMessage(portion);
  const [answer] = await once(worker, "message");
  return answer as PortionDone;
}
