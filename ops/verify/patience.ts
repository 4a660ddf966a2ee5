/**
 * What looks different may be on its way: a sale began a moment ago and the listings follow within seconds,
 * or the log moved on between two reads. Such a comparison is made again, but all comparisons of one run
 * together wait no longer than the patience lasts; what still differs then is a difference.
 */
export interface Patience {
  /** `unsure`: whether a result says of itself that it may not be whole, so that it is worth waiting while nothing moves. */
  until<T>(
    attempt: () => Promise<T>,
    settled: (result: T) => boolean,
    unsure?: (result: T) => boolean,
  ): Promise<T>;
}

const waitsMs = [0, 10, 20, 50, 100, 250, 500];
const longestWaitMs = 1_000;
const budgetMs = 30_000;

/** `moving`: whether anything may still be on its way. */
export function createPatience(moving: () => Promise<boolean>): Patience {
  let left = budgetMs;
  return {
    async until(attempt, settled, unsure = () => false) {
      for (let tries = 0; ; tries++) {
        const result = await attempt();
        if (settled(result) || left <= 0) return result;
        if (tries > 0 && !unsure(result) && !(await moving())) return result;
        const waitMs = waitsMs[tries] ?? longestWaitMs;
        left -= waitMs;
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    },
  };
}
