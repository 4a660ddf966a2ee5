import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Catalogue, openCatalogue } from "../../ops/catalogue.ts";
import { parseConfig } from "../../ops/config.ts";
import { createLogger } from "../../ops/logger.ts";
import { startServers } from "../../ops/servers.ts";
import { processOf } from "../../ops/setup/processes.mjs";
import { type Shelfwire, type ShelfwireSettings, startShelfwire } from "./shelfwire.ts";

/**
 * Shelfwire as processes of one role each, as a cluster has them, on a nats-server and a redis-server of its own on free
 * ports, which come back by themselves.
 */
export interface System {
  /** On connections of the trial's own. */
  readonly catalogue: Catalogue;
  readonly natsUrls: readonly string[];
  /** By its name in the settings; throws for another one. */
  processNamed(name: string): Shelfwire;
  /** Signals the server's own process; false where there is none at the moment. */
  signal(server: ServerName, signal: NodeJS.Signals): boolean;
  /** Resolves when the server answers; throws after 30 s. */
  untilAnswers(server: ServerName): Promise<void>;
  /** Ends everything. Resolves with what did not end in order, or ended before its time. */
  stop(): Promise<readonly string[]>;
}

export type ServerName = "nats" | "redis";

export interface SystemSettings {
  /** Exists; becomes the data folder of everything. */
  readonly dataDir: string;
  readonly processes: readonly SystemProcess[];
  /** Settings of every process, beside where the servers are. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface SystemProcess {
  readonly role: ShelfwireSettings["role"];
  readonly name: string;
  readonly environment?: Readonly<Record<string, string>>;
}

const answerMsMax = 30_000;
const pollMs = 20;

export async function startSystem({ dataDir, processes, environment }: SystemSettings): Promise<System> {
  const logger = createLogger("silent");
  const own = { DATA_DIR: dataDir, NATS_PORT: "0", REDIS_PORT: "0", DEMO: "0" };
  const servers = await startServers(parseConfig({ ...environment, ...own }), logger);
  const closers: (() => Promise<unknown>)[] = [() => servers.stop()];
  const close = async (): Promise<void> => {
    for (const each of closers.splice(0).reverse()) await each();
  };
  try {
    const opening = { servers, role: "trial", replicas: 1, logger, redisTimeoutMs: 2_000 };
    const catalogue = await openCatalogue(opening);
    closers.push(catalogue.close);
    // All at once; whichever is up is ended if another one fails.
    const starting = processes.map((process) =>
      startShelfwire({
        ...process,
        dataDir,
        environment: {
          NATS_URL: servers.natsUrls.join(),
          REDIS_URL: servers.redisUrl,
          HOST: "127.0.0.1",
          DATA_DIR: join(dataDir, process.name),
          DRAIN_MS: "0",
          LOG_LEVEL: "info",
          ...environment,
          ...process.environment,
        },
      }),
    );
    const disorderly: string[] = [];
    closers.push(async () => {
      const settled = await Promise.allSettled(starting);
      const lives = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      const ended = await Promise.all(lives.map((life) => life.stop()));
      for (const [at, life] of lives.entries()) {
        disorderly.push(...life.deaths);
        if (ended[at] !== true) disorderly.push("a process did not end in order");
      }
    });
    const running = new Map((await Promise.all(starting)).map((life, at) => [processes[at]?.name, life]));
    return {
      catalogue,
      natsUrls: servers.natsUrls,
      processNamed(name) {
        const found = running.get(name);
        if (found === undefined) throw new Error(`there is no process ${name}`);
        return found;
      },
      signal: (server, signal) => signalServer(dataDir, server, signal),
      untilAnswers: (server) => untilAnswers(catalogue, server),
      async stop() {
        await close();
        return disorderly;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** By the pid file that the server's supervisor keeps in the folder. */
export function signalServer(dataDir: string, server: ServerName, signal: NodeJS.Signals): boolean {
  const pid = Number(readFileSync(join(dataDir, `${server}.pid`), "utf8"));
  if (processOf(pid)?.name !== `${server}-server`) return false;
  process.kill(pid, signal);
  return true;
}

export async function untilAnswers(
  { catalog, redis }: Pick<Catalogue, "catalog" | "redis">,
  server: ServerName,
): Promise<void> {
  const ask = () => (server === "nats" ? catalog.bounds() : redis.ping());
  const answers = () => ask().then(Boolean, () => false);
  for (const deadline = performance.now() + answerMsMax; !(await answers()); await delay(pollMs)) {
    if (performance.now() > deadline) throw new Error(`${server} does not come back`);
  }
}
