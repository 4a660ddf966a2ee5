import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connectNats } from "../../streams/jetstream/connection.ts";
import { ensureStreams } from "../../streams/jetstream/ensure.ts";
import { freePort } from "../../ops/port.ts";

/** Three nats-servers that are one, each a process, on free ports and with their data in a folder that goes with them. */
export interface TestCluster {
  /** One of each node. */
  readonly urls: readonly string[];
  stop(): Promise<void>;
}

const nodes = [0, 1, 2];
const patienceMs = 90_000;
const triesMax = 3;

export async function startCluster(): Promise<TestCluster> {
  for (let tries = 1; ; tries++) {
    try {
      return await startOnce();
    } catch (error) {
      // Somebody else was given the port between the look at it and the start.
      if (!(error instanceof ServerEnded) || tries === triesMax) throw error;
    }
  }
}

class ServerEnded extends Error {}

async function startOnce(): Promise<TestCluster> {
  const folder = mkdtempSync(join(tmpdir(), "shelfwire-cluster-"));
  const ports: { readonly client: number; readonly route: number }[] = [];
  for (const _ of nodes) ports.push({ client: await freePort(0), route: await freePort(0) });
  const routes = ports.map(({ route }) => `"nats://127.0.0.1:${route}"`).join(", ");
  const servers: ChildProcess[] = [];
  const stop = async () => {
    for (const server of servers) {
      if (server.exitCode !== null || server.signalCode !== null) continue;
      const ended = once(server, "exit");
      server.kill("SIGKILL");
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  const starting = new AbortController();
  try {
    for (const [node, { client, route }] of ports.entries()) {
      const file = join(folder, `node-${node}.conf`);
      writeFileSync(
        file,
        `server_name: "node-${node}"
listen: "127.0.0.1:${client}"
max_payload: 1179648
jetstream { store_dir: ${JSON.stringify(join(folder, `node-${node}`))}, max_memory_store: 1GB, max_file_store: 10GB }
cluster { name: "shelfwire", listen: "127.0.0.1:${route}", routes: [${routes}] }
`,
      );
      const server = spawn("nats-server", ["-c", file], { stdio: "ignore" });
      server.once("exit", (code) => starting.abort(new ServerEnded(`nats-server ended with ${code}`)));
      servers.push(server);
    }
    const urls = ports.map(({ client }) => `nats://127.0.0.1:${client}`);
    await untilItHasStreams(urls, starting.signal);
    return { urls, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A cluster takes seconds to know its leader, and refuses streams until then. */
async function untilItHasStreams(urls: readonly string[], signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    signal.throwIfAborted();
    try {
      const connection = await connectNats({ servers: urls, name: "test" });
      try {
        await ensureStreams(connection, { bytesMax: 2 ** 30, replicas: 3, knownEpochs: new Map() });
        return;
      } finally {
        await connection.close();
      }
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(250);
    }
  }
}
