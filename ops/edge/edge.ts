import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ownDataDir } from "../embedded/data-dir.ts";
import { exchange } from "../embedded/exchange.ts";
import { EmbeddedFailure } from "../embedded/failure.ts";
import { type ServerKind, startServer } from "../embedded/server.ts";
import type { Logger } from "../logger.ts";
import { type Origins, renderVcl } from "./origins.ts";

/**
 * The edge for real: varnishd in front of API nodes (docs/edge-varnish.md). It comes back when it dies, with an empty
 * cache, and ends with us.
 */
export interface EdgeSettings extends Origins {
  /** A folder of its own: configuration, what Varnish writes at work, its log. */
  readonly dataDir: string;
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
  /** What it may keep, in bytes; the answers asked for longest ago go first. */
  readonly cacheBytesMax: number;
  readonly logger: Logger;
}

export interface Edge {
  readonly url: string;
  readonly port: number;
  /** Of varnishd's own process; undefined while it is being started again. */
  pid(): number | undefined;
  stop(): Promise<void>;
}

/** Resolves when it answers. Throws `EmbeddedFailure`, one line for the operator, and then it does not run. */
export async function startEdge(settings: EdgeSettings): Promise<Edge> {
  const { host, port, logger } = settings;
  const dataDir = resolve(settings.dataDir);
  const giveUp = ownDataDir(dataDir);
  try {
    mkdirSync(dataDir, { recursive: true });
    const vcl = join(dataDir, "edge.vcl");
    writeFileSync(vcl, renderVcl(settings));
    const server = await startServer(kind(vcl, settings), { dataDir, port, logger });
    const shown = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
    return {
      url: `http://${bracketed(shown)}:${server.port}`,
      port: server.port,
      pid: server.pid,
      async stop() {
        await server.stop();
        giveUp();
      },
    };
  } catch (error) {
    giveUp();
    throw withoutModules(error, dataDir);
  }
}

/** What one start says in the log, which holds those before it as well. */
const startChars = 1_000;

/** Names the package where one is missing: Varnish itself says so in the middle of its log. */
function withoutModules(error: unknown, dataDir: string): unknown {
  if (!(error instanceof EmbeddedFailure)) return error;
  const log = join(dataDir, "logs", "varnishd.log");
  let said: string;
  try {
    said = readFileSync(log, "utf8");
  } catch {
    return error;
  }
  const [, module] = /VMOD (\w+)/i.exec(said.slice(-startChars)) ?? [];
  if (module === undefined) return error;
  return new EmbeddedFailure(`Varnish has no module ${module}: install varnish-modules; see ${log}`, {
    cause: error,
  });
}

/**
 * An answer without a word about its lifetime has none. A list of 100 products has an address of 40 KB, and 50 tags in
 * three headers take 12; the rest is room for the notes that the configuration makes on both. The log in shared memory
 * is for whoever looks at the moment.
 */
const parameters = [
  "default_ttl=0",
  "default_grace=0",
  "default_keep=0",
  "http_req_size=64k",
  "http_resp_size=64k",
  "http_resp_hdr_len=16k",
  "http_max_hdr=128",
  "workspace_client=256k",
  "workspace_backend=256k",
  // The API ends connections that are idle for 70 s; readers' own are kept as long as it keeps them.
  "backend_idle_timeout=60",
  "timeout_idle=65",
  "thread_pool_min=50",
  "thread_pool_max=2000",
  "vsl_space=16m",
];

/**
 * For what is on its way without being kept, and for what lives less than 10 s: beside the cache and without a limit,
 * unless it is given one. Where it is full, what is being passed fails, and what is kept is still answered.
 */
const transientBytesMax = 64 * 2 ** 20;

const kind = (vcl: string, { host, cacheBytesMax }: EdgeSettings): ServerKind => ({
  name: "varnishd",
  arguments: (port, storeDir) =>
    // In the foreground, on its leash; as who we are, since the folder is ours; without a port for commands.
    ["-F", "-j", "none", "-T", "none", "-n", storeDir, "-f", vcl].concat(
      ["-s", `malloc,${cacheBytesMax}`, "-s", `Transient=malloc,${transientBytesMax}`],
      addressesOf(host).flatMap((each) => ["-a", `${bracketed(each)}:${port}`]),
      parameters.flatMap((parameter) => ["-p", parameter]),
    ),
  // A purge of nothing: the configuration answers it by itself, whatever becomes of the origins.
  async isReady(port) {
    const request = "PURGE / HTTP/1.1\r\nHost: edge\r\nxkey-purge: nothing\r\n\r\n";
    const answer = await exchange(port, request, (text) => text.includes("}"));
    return answer !== undefined && /"purged":|not-a-purger/.test(answer);
  },
  stopMs: 10_000,
});

/** On the loopback always, where it is asked whether it is ready. */
const addressesOf = (host: string): readonly string[] =>
  host === "0.0.0.0" ? [host] : [...new Set([host, "127.0.0.1"])];

const bracketed = (host: string): string => (host.includes(":") ? `[${host}]` : host);
