import { setTimeout as delay } from "node:timers/promises";
import { LogUnavailable } from "../../streams/log.ts";

const patienceMs = 120_000;
const pauseMs = 100;

/** For who only looks on, where servers may be busy or on their way up: again while the log does not answer, for two minutes. */
export async function patiently<Result>(look: () => Promise<Result>): Promise<Result> {
  for (const deadline = performance.now() + patienceMs; ; await delay(pauseMs)) {
    try {
      return await look();
    } catch (error) {
      if (!(error instanceof LogUnavailable) || performance.now() > deadline) throw error;
    }
  }
}
