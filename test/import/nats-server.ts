import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { NatsConnection } from "nats";
import { connectNats } from "../../streams/jetstream/connection.ts";
import { ensureStreams } from "../../streams/jetstream/ensure.ts";
import { openJetStreamLog } from "../../streams/jetstream/log.ts";
import type { Log } from "../../streams/log.ts";

/** A real nats-server of the test's own, on a free port, with its store in a folder that goes with it. */
export interface TestServer {
  readonly url: string;
  /** SIGKILL and a new process on the same port and store. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

export async function startNatsServer(): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), "shelfwire-nats-"));
  const port = await freePort();
  let server = await spawnServer(port, folder);
  return {
    url: `nats://127.0.0.1:${port}`,
    async crash() {
      await end(server);
      server = await spawnServer(port, folder);
    },
    async stop() {
      await end(server);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface TestLogs {
  readonly connection: NatsConnection;
  readonly catalog: Log;
  readonly activity: Log;
  readonly ledger: Log;
}

/** A connection to the server with every stream made. */
export async function openLogs(url: string): Promise<TestLogs> {
  const connection = await connectNats({ servers: [url], name: "import-test" });
  await ensureStreams(connection, { bytesMax: 2 * 1024 ** 3, replicas: 1, knownEpochs: new Map() });
  return {
    connection,
    catalog: await openJetStreamLog(connection, "CATALOG"),
    activity: await openJetStreamLog(connection, "ACTIVITY"),
    ledger: await openJetStreamLog(connection, "LEDGER"),
  };
}

async function spawnServer(port: number, folder: string): Promise<ChildProcess> {
  const config = resolve(import.meta.dirname, "../../nats.conf");
  const server = spawn("nats-server", ["-c", config, "-a", "127.0.0.1", "-p", String(port), "-sd", folder], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  for await (const chunk of server.stderr.iterator({ destroyOnReturn: false })) {
    said += String(chunk);
    if (said.includes("Server is ready")) {
      server.stderr.resume();
      return server;
    }
  }
  throw new Error(`nats-server did not start: ${said}`);
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, "exit");
  server.kill("SIGKILL");
  await exited;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
