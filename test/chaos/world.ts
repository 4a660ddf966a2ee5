import { join } from "node:path";
import { type Catalogue, openCatalogue } from "../../ops/catalogue.ts";
import { parseConfig } from "../../ops/config.ts";
import { freePort } from "../../ops/port.ts";
import { createLogger } from "../../ops/logger.ts";
import { startServers } from "../../ops/servers.ts";
import { type Link, type Meddling, startLink } from "./link.ts";
import { createOutages, type Outages } from "./outages.ts";
import { type Shelfwire, startShelfwire } from "./shelfwire.ts";
import { type ServerName, signalServer, untilAnswers } from "./system.ts";

/**
 * The world of one trial: nats-server and redis-server of its own, links that can be broken between them and
 * Shelfwire, Shelfwire's processes, and straight connections for those who check. Servers that die come back
 * by themselves, as under `shelfwire up`.
 */
export interface World {
  readonly dataDir: string;
  /** Straight to the servers, past the links. */
  readonly natsUrl: string;
  readonly redisUrl: string;
  readonly apiUrl: string;
  readonly links: { readonly nats: Link; readonly redis: Link };
  /** Answers HTTP and projects. */
  readonly shelfwire: Shelfwire;
  /** A second process that projects only, to share the partitions with, where the fault is about one. */
  readonly projector: Shelfwire | undefined;
  /** A second node that answers HTTP only, where one was asked for. */
  readonly secondNode: Shelfwire | undefined;
  readonly secondNodeUrl: string;
  readonly outages: Outages;
  /** On straight connections. */
  readonly catalogue: Catalogue;
  /** Signals the server's own process; false where there is none at the moment. */
  signal(server: ServerName, signal: NodeJS.Signals): boolean;
  /** Resolves when the server answers; throws after 30 s. */
  untilAnswers(server: ServerName): Promise<void>;
  /** Ends everything. Resolves with what did not end in order. */
  stop(): Promise<readonly string[]>;
}

export interface WorldSettings {
  /** Exists; becomes the data folder of everything. */
  readonly dataDir: string;
  /** What is done to deliveries on the link to nats-server. */
  readonly meddling?: Meddling | undefined;
  readonly withProjector: boolean;
  readonly secondNode?: boolean;
  /** API threads of each process; absent: as many as it takes by itself. */
  readonly workers?: number;
  /** Further settings of every process. */
  readonly environment?: Readonly<Record<string, string>>;
}

export async function startWorld(settings: WorldSettings): Promise<World> {
  const { dataDir, meddling, withProjector, workers } = settings;
  const environment = { DATA_DIR: dataDir, NATS_PORT: "0", REDIS_PORT: "0", DEMO: "0" };
  const servers = await startServers(parseConfig(environment), createLogger("silent"));
  const closers: (() => Promise<unknown>)[] = [() => servers.stop()];
  const close = async (): Promise<void> => {
    for (const each of closers.splice(0).reverse()) await each();
  };
  try {
    const [natsUrl = ""] = servers.natsUrls;
    const portOf = (url: string) => Number(new URL(url).port);
    const links = {
      nats: await startLink(portOf(natsUrl), meddling),
      redis: await startLink(portOf(servers.redisUrl)),
    };
    closers.push(links.nats.close, links.redis.close);
    const catalogue = await openCatalogue({
      servers,
      role: "trial",
      replicas: 1,
      logger: createLogger("silent"),
      redisTimeoutMs: 2_000,
    });
    closers.push(catalogue.close);
    const apiPort = await freePort(0);
    const secondPort = await freePort(0);
    const start = (role: "up" | "projector" | "api") =>
      startShelfwire({
        role,
        dataDir,
        environment: {
          NATS_URL: `nats://127.0.0.1:${links.nats.port}`,
          REDIS_URL: `redis://127.0.0.1:${links.redis.port}`,
          PORT: String(role === "api" ? secondPort : apiPort),
          HOST: "127.0.0.1",
          DATA_DIR: join(dataDir, role),
          DEMO: "0",
          LOG_LEVEL: "info",
          ...(workers !== undefined && { WORKERS: String(workers) }),
          ...settings.environment,
        },
      });
    // All at once; whichever is up is ended if another one fails.
    const starting = [
      start("up"),
      withProjector ? start("projector") : undefined,
      settings.secondNode === true ? start("api") : undefined,
    ] as const;
    closers.push(async () => {
      for (const one of await Promise.allSettled(starting)) {
        if (one.status === "fulfilled") await one.value?.stop();
      }
    });
    const [shelfwire, projector, secondNode] = await Promise.all(starting);

    return {
      dataDir,
      natsUrl,
      redisUrl: servers.redisUrl,
      apiUrl: `http://127.0.0.1:${apiPort}`,
      links,
      shelfwire,
      projector,
      secondNode,
      secondNodeUrl: `http://127.0.0.1:${secondPort}`,
      outages: createOutages(() => performance.now()),
      catalogue,
      signal: (server, signal) => signalServer(dataDir, server, signal),
      untilAnswers: (server) => untilAnswers(catalogue, server),
      async stop() {
        const disorderly: string[] = [];
        for (const [name, each] of [
          ["up", shelfwire],
          ["projector", projector],
          ["api", secondNode],
        ] as const) {
          if (each !== undefined && !(await each.stop())) disorderly.push(`${name} did not end in order`);
        }
        await close();
        return disorderly;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
