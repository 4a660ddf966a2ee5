import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { hotKey } from "../../actors/hot/hot-owner.ts";
import { type Catalogue, openCatalogue } from "../../ops/catalogue.ts";
import { parseConfig } from "../../ops/config.ts";
import { createLogger } from "../../ops/logger.ts";
import { freePort } from "../../ops/port.ts";
import { startServers } from "../../ops/servers.ts";
import { type Shelfwire, startShelfwire } from "../chaos/shelfwire.ts";

/**
 * All that runs at midnight, each a process: nats-server and redis-server, which come back by themselves, a projector, two
 * processes of actors, of which one looks after hot products, and two API nodes.
 */
export interface Night {
  /** On connections of the trial's own. */
  readonly catalogue: Catalogue;
  readonly nodes: readonly [ApiNode, ApiNode];
  /** The process that looks after hot products now; undefined where none does. */
  owner(): Promise<Shelfwire | undefined>;
  /** SIGKILL; resolves when it answers again. */
  killRedis(): Promise<void>;
  /** Ends everything. Resolves with what did not end in order, or ended before its time. */
  stop(): Promise<readonly string[]>;
}

export interface ApiNode {
  readonly name: string;
  readonly url: string;
  /** SIGKILL; resolves when its next life answers. */
  kill(): Promise<void>;
  /** Whether it was dead at any moment between these two, in monotonic milliseconds. */
  wasDead(from: number, to: number): boolean;
}

/** API threads of each node. */
const workers = 2;
const redisMsMax = 30_000;
const pollMs = 20;

export async function startNight(dataDir: string, warmSeconds: number): Promise<Night> {
  const logger = createLogger("silent");
  const own = { DATA_DIR: dataDir, NATS_PORT: "0", REDIS_PORT: "0", DEMO: "0" };
  const servers = await startServers(parseConfig(own), logger);
  const closers: (() => Promise<unknown>)[] = [() => servers.stop()];
  const close = async (): Promise<void> => {
    for (const each of closers.splice(0).reverse()) await each();
  };
  try {
    const opening = { servers, role: "trial", replicas: 1, logger, redisTimeoutMs: 2_000 };
    const catalogue = await openCatalogue(opening);
    closers.push(catalogue.close);
    const start = (role: "projector" | "actors" | "api", name: string, port: number) =>
      startShelfwire({
        role,
        name,
        dataDir,
        environment: {
          NATS_URL: servers.natsUrls.join(),
          REDIS_URL: servers.redisUrl,
          PORT: String(port),
          HOST: "127.0.0.1",
          DATA_DIR: join(dataDir, name),
          WORKERS: String(workers),
          DRAIN_MS: "0",
          SALE_WARM_SECONDS: String(warmSeconds),
          LOG_LEVEL: "info",
        },
      });
    const ports = [await freePort(0), await freePort(0)] as const;
    // All at once; whichever is up is ended if another one fails.
    const starting = [
      start("projector", "projector", 0),
      start("actors", "actors-1", 0),
      start("actors", "actors-2", 0),
      start("api", "api-1", ports[0]),
      start("api", "api-2", ports[1]),
    ] as const;
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
    const [, firstActors, secondActors, firstApi, secondApi] = await Promise.all(starting);
    const actors = [firstActors, secondActors];

    return {
      catalogue,
      nodes: [apiNode("api-1", ports[0], firstApi), apiNode("api-2", ports[1], secondApi)],
      async owner() {
        const about = (await catalogue.leases.owners()).get(hotKey);
        const { pid } = JSON.parse(about ?? "{}") as { readonly pid?: number };
        return actors.find((one) => pid !== undefined && one.pid() === pid);
      },
      async killRedis() {
        process.kill(Number(readFileSync(join(dataDir, "redis.pid"), "utf8")), "SIGKILL");
        const answers = () => catalogue.redis.ping().then(Boolean, () => false);
        for (const deadline = performance.now() + redisMsMax; !(await answers()); await delay(pollMs)) {
          if (performance.now() > deadline) throw new Error("redis-server does not come back");
        }
      },
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

function apiNode(name: string, port: number, life: Shelfwire): ApiNode {
  let diedAt = Infinity;
  let backAt = Infinity;
  return {
    name,
    url: `http://127.0.0.1:${port}`,
    async kill() {
      diedAt = performance.now();
      await life.kill();
      backAt = performance.now();
    },
    wasDead: (from, to) => from <= backAt && to >= diedAt,
  };
}
