import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../logger.ts";
import type { Leashed } from "./leash.ts";

/**
 * Starts a server again whenever it dies, until it is stopped. For ever and ever more slowly: the rest of
 * the system lives on without it meanwhile, and a full disk or a taken port may be somebody's minute of work.
 */

export interface Supervised {
  /** The server's process as it is at the moment; undefined between two of them. */
  pid(): number | undefined;
  /** Resolves when the server is gone: by SIGTERM, or by SIGKILL after `stopMs`. */
  stop(): Promise<void>;
}

export interface SupervisionSettings {
  readonly name: string;
  readonly first: Leashed;
  readonly launch: () => Promise<Leashed>;
  /** Hears of each server after the first one. */
  readonly onAgain: (server: Leashed) => void;
  readonly stopMs: number;
  readonly logger: Logger;
}

const waitMsLeast = 100;
const waitMsMost = 5_000;
/** One that ran this long had no trouble starting. */
const soundMs = 30_000;

export function supervise({ name, first, launch, onAgain, stopMs, logger }: SupervisionSettings): Supervised {
  const stopping = new AbortController();
  let running: Leashed | undefined = first;

  /** Resolves with the reason when a new server has ended; at once when it could not even be started. */
  async function runAgain(): Promise<string> {
    try {
      running = await launch();
      // A stop that came while it was being started found nothing to end.
      if (stopping.signal.aborted) running.kill("SIGTERM");
      else onAgain(running);
      return await running.ended;
    } catch (error) {
      return (error as Error).message;
    } finally {
      running = undefined;
    }
  }

  async function keepRunning(): Promise<void> {
    let startedAt = performance.now();
    let reason = await first.ended;
    running = undefined;
    for (let failures = 0; !stopping.signal.aborted; failures++) {
      if (performance.now() - startedAt > soundMs) failures = 0;
      const waitMs = Math.min(waitMsLeast * 2 ** failures, waitMsMost);
      logger.warn({ server: name, reason }, `${name} ended (${reason}): starting it again in ${waitMs} ms`);
      await delay(waitMs, undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) return;
      startedAt = performance.now();
      reason = await runAgain();
    }
  }

  const kept = keepRunning();
  return {
    pid: () => running?.pid,
    async stop() {
      stopping.abort();
      running?.kill("SIGTERM");
      const limit = setTimeout(() => {
        logger.warn({ server: name }, `${name} did not end within ${stopMs / 1000} s: killing it`);
        running?.kill("SIGKILL");
      }, stopMs);
      await kept;
      clearTimeout(limit);
    },
  };
}
