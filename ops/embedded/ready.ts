import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../logger.ts";
import type { Leashed } from "./leash.ts";

const readyMsMax = 120_000;
const progressMs = 5_000;
const pollMs = 25;

/**
 * Resolves with undefined once `isReady`, else with what kept the server from it: its end, or two minutes.
 * A large store takes seconds to load, about two for each million messages; past five they are reported.
 */
export async function untilReady(
  name: string,
  server: Leashed,
  isReady: () => Promise<boolean>,
  logger: Logger,
): Promise<string | undefined> {
  const startedAt = performance.now();
  let obstacle: string | undefined;
  void server.ended.then((reason) => {
    obstacle = reason;
  });
  for (let nextReportMs = progressMs; obstacle === undefined; await delay(pollMs)) {
    if (await isReady()) return undefined;
    const tookMs = performance.now() - startedAt;
    if (tookMs > readyMsMax) return `not ready after ${readyMsMax / 1000} s`;
    if (tookMs < nextReportMs) continue;
    logger.info({ server: name }, `${name} is loading its store (${Math.round(tookMs / 1000)} s)`);
    nextReportMs += progressMs;
  }
  return obstacle;
}
