import { parentPort, workerData } from "node:worker_threads";
import { type Catalogue, openCatalogue } from "../catalogue.ts";
import type { Config } from "../config.ts";
import { createLogger, type Logger } from "../logger.ts";
import type { ThreadSettings } from "./actor-threads.ts";
import { apiRedisTimeoutMs } from "./tiers.ts";

/** What a thread does that `actor-threads.ts` started: it runs the role until it is told to stop, with connections of its own. */
export async function runInThread(
  role: string,
  start: (catalogue: Catalogue, config: Config, logger: Logger) => { stop(): Promise<void> },
): Promise<void> {
  const { config, servers } = workerData as ThreadSettings;
  const logger = createLogger(config.logLevel);
  /** It goes on listening, so that the thread lives until it is ended. */
  const asked = new Promise<void>((resolve) => parentPort?.on("message", () => resolve()));
  const { replicas } = config;
  const catalogue = await openCatalogue({
    servers,
    role,
    replicas,
    logger,
    redisTimeoutMs: apiRedisTimeoutMs,
  });
  const running = start(catalogue, config, logger);
  await asked;
  await running.stop();
  await catalogue.close();
  parentPort?.postMessage("stopped");
}
