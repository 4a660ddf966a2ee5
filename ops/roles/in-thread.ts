import { parentPort, workerData } from "node:worker_threads";
import type { Config } from "../config.ts";
import { createLogger, type Logger } from "../logger.ts";
import type { ThreadSettings } from "./actor-threads.ts";

/** What a thread does that `actor-threads.ts` started: it runs the role until it is told to stop, with connections of its own. */
export async function runInThread<Opened extends { close(): Promise<void> }>(
  open: (settings: ThreadSettings, logger: Logger) => Promise<Opened>,
  start: (opened: Opened, config: Config, logger: Logger) => { stop(): Promise<void> },
): Promise<void> {
  const settings = workerData as ThreadSettings;
  const { config } = settings;
  const logger = createLogger(config.logLevel);
  /** It goes on listening, so that the thread lives until it is ended. */
  const asked = new Promise<void>((resolve) => parentPort?.on("message", () => resolve()));
  const opened = await open(settings, logger);
  const running = start(opened, config, logger);
  await asked;
  await running.stop();
  await opened.close();
  parentPort?.postMessage("stopped");
}
