/**
 * Work that is done in steps, one piece behind the other: each begins when the one before is done. Who has them done says how
 * many steps at a time, so that no piece keeps the loop for itself, however large.
 */
export interface Jobs {
  push(job: Job): void;
  /** Takes so many steps at most. Throws what a step throws. */
  work(stepsMax: number): void;
  readonly isEmpty: boolean;
}

/** Each `yield` ends a step. */
export type Job = Generator<void, void, void>;

export function createJobs(): Jobs {
  const jobs: Job[] = [];
  return {
    push: (job) => void jobs.push(job),
    work(stepsMax) {
      for (let left = stepsMax; left > 0; left--) {
        const [first] = jobs;
        if (first === undefined) return;
        if (first.next().done === true) jobs.shift();
      }
    },
    get isEmpty() {
      return jobs.length === 0;
    },
  };
}
