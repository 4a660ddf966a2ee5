import { mkdirSync, readdirSync, statfsSync, statSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { Config } from "./config.ts";
import { startEmbedded } from "./embedded/embedded.ts";
import type { Logger } from "./logger.ts";
import { readRunFile } from "./run-file.ts";

/**
 * Where NATS and Redis are: where the settings say, else where a Shelfwire that runs on the same `DATA_DIR`
 * has them, else servers of our own, for as long as the command lasts.
 */
export interface Servers {
  readonly natsUrls: readonly string[];
  readonly redisUrl: string;
  /** The API of the running Shelfwire, if there is one. */
  readonly http: string | undefined;
  /** Whether they were started here, so that nobody else works on what they hold. */
  readonly own: boolean;
  /** What all streams together may hold, in bytes. */
  readonly logBytesMax: number;
  stop(): Promise<void>;
}

/** The share of the disk, of what is free or its own already, that an embedded log may fill. */
const diskShare = 0.6;
const remoteLogBytesMax = 8 * 1024 ** 3;

/** For `up`: what the settings leave open is started here. */
export async function startServers(config: Config, logger: Logger): Promise<Servers> {
  const { natsUrls, redisUrl, dataDir } = config;
  mkdirSync(dataDir, { recursive: true });
  const logBytesMax =
    config.logBytesMax ?? (natsUrls === undefined ? diskBytes(dataDir) * diskShare : remoteLogBytesMax);
  const embedded = await startEmbedded({
    dataDir,
    logger,
    nats: natsUrls === undefined ? { port: config.natsPort, storeBytesMax: logBytesMax } : undefined,
    redis:
      redisUrl === undefined
        ? { port: config.redisPort, memoryBytesMax: config.redisMemoryBytesMax }
        : undefined,
  });
  return {
    natsUrls: natsUrls ?? [embedded.natsUrl ?? ""],
    redisUrl: redisUrl ?? embedded.redisUrl ?? "",
    http: undefined,
    own: natsUrls === undefined,
    logBytesMax,
    stop: () => embedded.stop(),
  };
}

/** For every other command: join what runs, or bring servers along. */
export async function findServers(config: Config, logger: Logger): Promise<Servers> {
  const running = readRunFile(config.dataDir);
  const nats = running?.nats.split(",") ?? [];
  const alive =
    running !== undefined &&
    (await Promise.all(nats.map((url) => answers(url, 4222)))).includes(true) &&
    (await answers(running.redis, 6379));
  const natsUrls = config.natsUrls ?? (alive ? nats : undefined);
  const redisUrl = config.redisUrl ?? (alive ? running.redis : undefined);
  if (natsUrls === undefined || redisUrl === undefined) {
    logger.info({ dataDir: config.dataDir }, "no Shelfwire runs here: starting servers for this command");
    return startServers(config, logger);
  }
  return {
    natsUrls,
    redisUrl,
    http: alive && config.natsUrls === undefined ? running.http : undefined,
    own: false,
    logBytesMax: config.logBytesMax ?? remoteLogBytesMax,
    stop: async () => {},
  };
}

/** What is free for the log, and what it holds. */
function diskBytes(dataDir: string): number {
  const { bavail, bsize } = statfsSync(dataDir);
  const store = join(dataDir, "nats");
  mkdirSync(store, { recursive: true });
  const files = readdirSync(store, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const bytesOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const held = files.reduce((sum, { parentPath, name }) => sum + bytesOf(join(parentPath, name)), 0);
  return bavail * bsize + held;
}

function answers(url: string, defaultPort: number): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({
      host: hostname,
      port: Number(port === "" ? defaultPort : port),
      timeout: 1_000,
    });
    const end = (reachable: boolean) => () => {
      socket.destroy();
      resolve(reachable);
    };
    socket.on("connect", end(true)).on("error", end(false)).on("timeout", end(false));
  });
}
