import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { dropsOldest } from "../../streams/jetstream/ensure.ts";
import { findServer } from "../setup/server-binaries.mjs";
import { exchange } from "./exchange.ts";
import { type EmbeddedServer, type ServerKind, type ServerSettings, startServer } from "./server.ts";

/** nats-server with the repository's nats.conf. Its store is DATA_DIR/nats. */

export interface NatsServerSettings extends ServerSettings {
  /** What its store may hold, in bytes, where streams can have no limit of their own (`dropsOldest`). */
  readonly storeBytesMax: number | undefined;
}

const config = fileURLToPath(new URL("../../nats.conf", import.meta.url));

/**
 * The name tells our server from another one that took the port between the look at it and the start. It
 * holds the owner's process number, which a server that is started again keeps.
 */
const serverName = `shelfwire-${process.pid}`;

const kind = (configFile: string): ServerKind => ({
  name: "nats-server",
  arguments: (port, storeDir) =>
    ["-c", configFile, "-n", serverName].concat(["-a", "127.0.0.1", "-p", String(port), "-sd", storeDir]),
  // The answer of JetStream's own API: the port may be open before the streams are recovered.
  async isReady(port) {
    const request = "CONNECT {}\r\nSUB ready 1\r\nPUB $JS.API.INFO ready 0\r\n\r\n";
    const answer = await exchange(port, request, (text) => text.includes("account_info_response"));
    return answer?.includes(`"server_name":"${serverName}"`) === true && !answer.includes(`"error":`);
  },
  // With a full disk nats-server 2.9 never ends by itself.
  stopMs: 10_000,
});

export function startNats(settings: NatsServerSettings): Promise<EmbeddedServer> {
  const { dataDir, storeBytesMax } = settings;
  const isLimited = storeBytesMax !== undefined && dropsOldest(versionHere());
  return startServer(kind(isLimited ? limited(dataDir, storeBytesMax) : config), settings);
}

/** Empty where there is no program, which the start says better. */
function versionHere(): string {
  const program = findServer("nats-server");
  if (program === undefined) return "";
  const said = spawnSync(program, ["--version"], { encoding: "utf8" }).stdout ?? "";
  return /\d+\.\d+\.\d+/.exec(said)?.[0] ?? "";
}

/** The file in DATA_DIR that has nats.conf's settings but for the limit: no option of the command line sets that. */
function limited(dataDir: string, storeBytesMax: number): string {
  mkdirSync(dataDir, { recursive: true });
  const file = join(dataDir, "nats.conf");
  writeFileSync(
    file,
    `# Written at each start; LOG_MAX_BYTES sets the limit.
include "${relative(dataDir, config)}"
jetstream { max_memory_store: 1GB, max_file_store: ${Math.floor(storeBytesMax)} }
`,
  );
  return file;
}
