import { resolve } from "node:path";
import type { Logger } from "../logger.ts";
import { ownDataDir } from "./data-dir.ts";
import { startNats } from "./nats.ts";
import { startRedis } from "./redis.ts";
import type { EmbeddedServer } from "./server.ts";

/**
 * The servers that `shelfwire up` and the tests bring along: nats-server, redis-server, or one of them.
 * They listen on 127.0.0.1, keep their data in one folder, come back when they die, and end with us.
 */

export interface EmbeddedSettings {
  readonly dataDir: string;
  /** Absent: none is started. A port is the preferred one; 0 is any. */
  readonly nats?: { readonly port: number; readonly storeBytesMax?: number | undefined } | undefined;
  readonly redis?: { readonly port: number; readonly memoryBytesMax?: number | undefined } | undefined;
  readonly logger: Logger;
}

export interface Embedded {
  /** Undefined for a server that was not asked for. */
  readonly natsUrl: string | undefined;
  readonly redisUrl: string | undefined;
  /** The servers' own processes, as they are at the moment. */
  pids(): { readonly nats: number | undefined; readonly redis: number | undefined };
  /** Ends them in order and gives the folder up. */
  stop(): Promise<void>;
}

/** Resolves when all are ready. Throws `EmbeddedFailure`, and then none is left running. */
export async function startEmbedded(settings: EmbeddedSettings): Promise<Embedded> {
  const { nats, redis, logger } = settings;
  const dataDir = resolve(settings.dataDir);
  const giveUp = ownDataDir(dataDir);
  const starts = {
    nats: nats && startNats({ dataDir, logger, port: nats.port, storeBytesMax: nats.storeBytesMax }),
    redis: redis && startRedis({ dataDir, logger, port: redis.port, memoryBytesMax: redis.memoryBytesMax }),
  };
  const stop = async (servers: readonly (EmbeddedServer | undefined)[]): Promise<void> => {
    await Promise.all(servers.map((server) => server?.stop()));
    giveUp();
  };
  try {
    const [natsServer, redisServer] = await Promise.all([starts.nats, starts.redis]);
    let stopped: Promise<void> | undefined;
    return {
      natsUrl: natsServer && `nats://127.0.0.1:${natsServer.port}`,
      redisUrl: redisServer && `redis://127.0.0.1:${redisServer.port}`,
      pids: () => ({ nats: natsServer?.pid(), redis: redisServer?.pid() }),
      stop() {
        stopped ??= stop([natsServer, redisServer]);
        return stopped;
      },
    };
  } catch (error) {
    const outcomes = await Promise.allSettled([starts.nats, starts.redis]);
    await stop(outcomes.map((outcome) => (outcome.status === "fulfilled" ? outcome.value : undefined)));
    throw error;
  }
}
