import { fileURLToPath } from "node:url";
import { exchange } from "./exchange.ts";
import { type EmbeddedServer, type ServerKind, type ServerSettings, startServer } from "./server.ts";

/** redis-server with ops/redis.conf. Its snapshot lies in DATA_DIR/redis. */

export interface RedisServerSettings extends ServerSettings {
  /** In bytes, instead of redis.conf's. */
  readonly memoryBytesMax: number | undefined;
}

const config = fileURLToPath(new URL("../redis.conf", import.meta.url));

export function startRedis(settings: RedisServerSettings): Promise<EmbeddedServer> {
  const { memoryBytesMax } = settings;
  const kind: ServerKind = {
    name: "redis-server",
    arguments: (port, storeDir) =>
      [config, "--port", String(port), "--dir", storeDir].concat(
        memoryBytesMax === undefined ? [] : ["--maxmemory", String(memoryBytesMax)],
      ),
    // While it loads its snapshot it answers INFO, but PING with an error.
    async isReady(port, pid) {
      const own = `process_id:${pid}\r\n`;
      const answer = await exchange(port, "PING\r\nINFO server\r\n", (text) =>
        /process_id:\d+\r\n/.test(text),
      );
      return answer?.startsWith("+PONG") === true && answer.includes(own);
    },
    // It writes a snapshot first.
    stopMs: 30_000,
  };
  return startServer(kind, settings);
}
