import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "../logger.ts";
import { findServer, overrideOf, type ServerName } from "../setup/server-binaries.mjs";
import { untilGone } from "./data-dir.ts";
import { EmbeddedFailure } from "./failure.ts";
import { type Leashed, startLeashed } from "./leash.ts";
import { freePort } from "../port.ts";
import { untilReady } from "./ready.ts";
import { lastLine, rotate } from "./server-log.ts";
import { supervise } from "./supervise.ts";

/** One server with its store, its log and its port, from the first start to the stop. */

export interface EmbeddedServer {
  /** The same for life, over any number of restarts. */
  readonly port: number;
  /** Of the server's own process; undefined while it is being started again. */
  pid(): number | undefined;
  /** Ends it in order, or by SIGKILL when that takes too long. Resolves when its process is gone. */
  stop(): Promise<void>;
}

export interface ServerSettings {
  /** The caller owns it (data-dir.ts). */
  readonly dataDir: string;
  /** Preferred; another one is taken when it is busy. 0 is any. */
  readonly port: number;
  readonly logger: Logger;
}

/** What differs between the servers. */
export interface ServerKind {
  readonly name: ServerName;
  readonly arguments: (port: number, storeDir: string) => readonly string[];
  /** Whether this very process answers, with its store loaded. */
  readonly isReady: (port: number, pid: number) => Promise<boolean>;
  /** What an orderly end may take. */
  readonly stopMs: number;
}

/** Resolves when it is ready. Throws `EmbeddedFailure`, and then it does not run. */
export async function startServer(kind: ServerKind, settings: ServerSettings): Promise<EmbeddedServer> {
  const { name, stopMs } = kind;
  const { dataDir, logger } = settings;
  const program = findServer(name);
  if (program === undefined) {
    throw new EmbeddedFailure(`${name} not found: install it, or set ${overrideOf(name)} to the program`);
  }
  const short = name.replace("-server", "");
  const store = join(dataDir, short);
  const pidFile = join(dataDir, `${short}.pid`);
  const logFile = join(dataDir, "logs", `${short}.log`);
  mkdirSync(store, { recursive: true });
  mkdirSync(join(dataDir, "logs"), { recursive: true });
  await untilGone(name, pidFile);

  const port = await freePort(settings.port);
  if (settings.port !== 0 && port !== settings.port) {
    logger.warn(`port ${settings.port} is busy: ${name} listens on ${port}`);
  }
  const launch = (): Promise<Leashed> => {
    rotate(logFile);
    return startLeashed({ command: [program, ...kind.arguments(port, store)], pidFile, logFile });
  };
  const ready = (server: Leashed): Promise<string | undefined> =>
    untilReady(name, server, () => kind.isReady(port, server.pid), logger);

  const first = await launch();
  const obstacle = await ready(first);
  if (obstacle !== undefined) {
    first.kill("SIGKILL");
    await first.ended;
    throw new EmbeddedFailure(`${name} did not start (${obstacle}): ${lastLine(logFile)}; see ${logFile}`);
  }
  const onAgain = async (server: Leashed): Promise<void> => {
    if ((await ready(server)) === undefined) logger.info({ server: name }, `${name} is back`);
  };
  const supervised = supervise({ name, first, launch, onAgain, stopMs, logger });
  return {
    port,
    pid: supervised.pid,
    async stop() {
      await supervised.stop();
      rmSync(pidFile, { force: true });
    },
  };
}
