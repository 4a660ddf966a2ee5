import { Worker } from "node:worker_threads";
import { type Actor, supervise, type Supervisor } from "../../actors/supervisor.ts";
import type { CatalogueOptions } from "../catalogue.ts";
import type { Config } from "../config.ts";
import type { Logger } from "../logger.ts";

/**
 * Roles in threads of their own, so that what one costs, at the start of a sale, is not the time of the others: hot products,
 * and the stock. A thread that fails is started again.
 */
export interface ActorThreads {
  stop(): Promise<void>;
}

export function startActorThreads(
  config: Config,
  { natsUrls, redisUrl, logBytesMax }: CatalogueOptions["servers"],
  logger: Logger,
): ActorThreads {
  const settings: ThreadSettings = { config, servers: { natsUrls, redisUrl, logBytesMax } };
  const threads = [
    startThread("hot products", new URL("./hot-thread.ts", import.meta.url), settings, logger),
    startThread("stock", new URL("./stock-thread.ts", import.meta.url), settings, logger),
  ];
  return {
    async stop() {
      await Promise.all(threads.map((thread) => thread.stop()));
    },
  };
}

/** What the thread is given. */
export interface ThreadSettings {
  readonly config: Config;
  readonly servers: CatalogueOptions["servers"];
}

function startThread(name: string, module: URL, settings: ThreadSettings, journal: Logger): Supervisor {
  const create = (): Actor => ({
    async run(signal) {
      const worker = new Worker(module, { workerData: settings, name });
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
  return supervise(`the thread of ${name}`, create, { journal, now: () => performance.now() });
}
