import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NatsConnection } from "nats";
import { startEmbedded } from "../ops/embedded/embedded.ts";
import { createLogger } from "../ops/logger.ts";
import { connectNats } from "../streams/jetstream/connection.ts";
import { ensureStreams } from "../streams/jetstream/ensure.ts";
import { openJetStreamLog } from "../streams/jetstream/log.ts";
import type { Log } from "../streams/log.ts";

/**
 * Real servers of a test's own: on free ports, with their data in a folder that goes with them. They come
 * back by themselves when they are killed, as they do under `shelfwire up`.
 */
export interface TestServers {
  /** Empty for a server that was not asked for. */
  readonly natsUrl: string;
  readonly redisUrl: string;
  signal(server: ServerName, signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void;
  stop(): Promise<void>;
}

export type ServerName = "nats" | "redis";

export async function startServers(...names: readonly ServerName[]): Promise<TestServers> {
  const dataDir = mkdtempSync(join(tmpdir(), "shelfwire-test-"));
  const embedded = await startEmbedded({
    dataDir,
    logger: createLogger("silent"),
    nats: names.includes("nats") ? { port: 0 } : undefined,
    redis: names.includes("redis") ? { port: 0 } : undefined,
  });
  return {
    natsUrl: embedded.natsUrl ?? "",
    redisUrl: embedded.redisUrl ?? "",
    signal(server, signal) {
      const pid = embedded.pids()[server];
      if (pid === undefined) throw new Error(`${server} does not run at the moment`);
      process.kill(pid, signal);
      // A server whose threads run on meanwhile may still answer.
      while (signal === "SIGSTOP" && !standsStill(pid));
    },
    async stop() {
      await embedded.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function standsStill(pid: number): boolean {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.every((thread) => /\) T /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8")));
}

/** A connection to the server, with every stream made and opened. */
export interface TestStreams {
  readonly connection: NatsConnection;
  /** The creation of the CATALOG stream. */
  readonly epoch: number;
  readonly catalog: Log;
  readonly derived: Log;
  readonly quarantine: Log;
}

export async function openStreams(natsUrl: string): Promise<TestStreams> {
  const connection = await connectNats({ servers: [natsUrl], name: "test" });
  const epochs = await ensureStreams(connection, { bytesMax: 2 ** 30, replicas: 1, knownEpochs: new Map() });
  const [catalog, derived, quarantine] = await Promise.all([
    openJetStreamLog(connection, "CATALOG"),
    openJetStreamLog(connection, "DERIVED"),
    openJetStreamLog(connection, "QUARANTINE"),
  ]);
  return { connection, epoch: epochs.get("CATALOG") ?? 0, catalog, derived, quarantine };
}
