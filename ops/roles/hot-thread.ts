import { Worker } from "node:worker_threads";
import { type Actor, supervise } from "../../actors/supervisor.ts";
import type { CatalogueOptions } from "../catalogue.ts";
import type { Config } from "../config.ts";
import type { Logger } from "../logger.ts";
import type { HotRole } from "./hot.ts";
import type { HotWorkerSettings } from "./hot-worker.ts";

/**
 * Hot products in a thread of their own: whatever they cost, at the start of a sale of thousands, it is not the time of
 * projectors and purges in the same process. A thread that fails is started again.
 */
export function startHotThread(
  config: Config,
  { natsUrls, redisUrl, logBytesMax }: CatalogueOptions["servers"],
  logger: Logger,
): HotRole {
  const settings: HotWorkerSettings = { config, servers: { natsUrls, redisUrl, logBytesMax } };
  const create = (): Actor => ({
    async run(signal) {
      const worker = new Worker(new URL("./hot-worker.ts", import.meta.url), {
        workerData: settings,
        name: "hot products",
      });
      const ended = Promise.withResolvers<Error | undefined>();
      worker.on("error", ended.resolve);
      worker.on("exit", (code) => ended.resolve(new Error(`the thread ended with code ${code}`)));
      worker.on("message", () => ended.resolve(undefined));
      signal.addEventListener("abort", () => worker.postMessage("stop"));
      if (signal.aborted) worker.postMessage("stop");
      const error = await ended.promise;
      await worker.terminate();
      if (error !== undefined) throw error;
    },
  });
  const supervisor = supervise("the thread of hot products", create, {
    journal: logger,
    now: () => performance.now(),
  });
  return { stop: () => supervisor.stop() };
}
