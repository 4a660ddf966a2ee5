import { fileURLToPath } from "node:url";
import { exchange } from "./exchange.ts";
import { type EmbeddedServer, type ServerKind, type ServerSettings, startServer } from "./server.ts";

/** nats-server with the repository's nats.conf. Its store is DATA_DIR/nats. */

const config = fileURLToPath(new URL("../../nats.conf", import.meta.url));

/**
 * The name tells our server from another one that took the port between the look at it and the start. It
 * holds the owner's process number, which a server that is started again keeps.
 */
const serverName = `shelfwire-${process.pid}`;

const kind: ServerKind = {
  name: "nats-server",
  arguments: (port, storeDir) =>
    ["-c", config, "-n", serverName].concat(["-a", "127.0.0.1", "-p", String(port), "-sd", storeDir]),
  // The answer of JetStream's own API: the port may be open before the streams are recovered.
  async isReady(port) {
    const request = "CONNECT {}\r\nSUB ready 1\r\nPUB $JS.API.INFO ready 0\r\n\r\n";
    const answer = await exchange(port, request, (text) => text.includes("account_info_response"));
    return answer?.includes(`"server_name":"${serverName}"`) === true && !answer.includes(`"error":`);
  },
  // With a full disk nats-server 2.9 never ends by itself.
  stopMs: 10_000,
};

export function startNats(settings: ServerSettings): Promise<EmbeddedServer> {
  return startServer(kind, settings);
}
