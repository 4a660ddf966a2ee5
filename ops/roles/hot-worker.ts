import { parentPort, workerData } from "node:worker_threads";
import { type CatalogueOptions, openCatalogue } from "../catalogue.ts";
import type { Config } from "../config.ts";
import { createLogger } from "../logger.ts";
import { startHot } from "./hot.ts";
import { apiRedisTimeoutMs } from "./tiers.ts";

/** The thread in which hot products are looked after. `hot-thread.ts` starts it, tells it to stop, and ends it. */
export interface HotWorkerSettings {
  readonly config: Config;
  readonly servers: CatalogueOptions["servers"];
}

const { config, servers } = workerData as HotWorkerSettings;
const logger = createLogger(config.logLevel);
/** It goes on listening, so that the thread lives until it is ended. */
const asked = new Promise<void>((resolve) => parentPort?.on("message", () => resolve()));
const catalogue = await openCatalogue({
  servers,
  role: "hot",
  replicas: config.replicas,
  logger,
  redisTimeoutMs: apiRedisTimeoutMs,
});
const hot = startHot(catalogue, config, logger);
await asked;
await hot.stop();
await catalogue.close();
parentPort?.postMessage("stopped");
