import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EdgeProvider } from "../../actors/edge-purge/edge-provider.ts";
import type { EdgeLifetimes } from "../../api/edge-trust.ts";
import { nobody } from "../../api/identity/identity.ts";
import { type Catalogue, openCatalogue } from "../../ops/catalogue.ts";
import { startEdge } from "../../ops/edge/edge.ts";
import { startEmbedded } from "../../ops/embedded/embedded.ts";
import { createLogger } from "../../ops/logger.ts";
import { freePort } from "../../ops/port.ts";
import { createVarnish, varnishName } from "../../ops/purge/varnish.ts";
import { type Api, startApi } from "../../ops/roles/api.ts";
import { startHot } from "../../ops/roles/hot.ts";
import { apiRedisTimeoutMs } from "../../ops/roles/tiers.ts";
import { startProjectors } from "../../ops/roles/projectors.ts";
import { startPurges } from "../../ops/roles/purges.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { type CatalogKind, publicSubject } from "../../streams/subjects.ts";

/** Shelfwire on real servers of the test's own, with Varnish in front of it where it is asked for. */
export interface Shop {
  /** Where readers ask: Varnish, or the API itself. */
  readonly url: string;
  /** The first of the nodes. */
  readonly api: string;
  readonly nodes: readonly string[];
  readonly catalogue: Catalogue;
  /** By which another process finds its servers. */
  readonly environment: Readonly<Record<string, string>>;
  kill(server: "nats" | "redis"): void;
  publish(kind: CatalogKind, id: string, payload: object): Promise<number>;
  get(path: string, from?: string): Promise<Read>;
  startPurges(providers: readonly EdgeProvider[]): Promise<{ stop(): Promise<void> }>;
  startHot(settings: Parameters<typeof startHot>[1]): Promise<void>;
  stop(): Promise<void>;
}

export interface Read {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, never>;
}

export async function openShop(options: {
  readonly varnish: boolean;
  readonly lifetimes?: EdgeLifetimes;
  readonly providers?: readonly string[];
  /** API nodes, each as its own process would be: with connections of its own, sharing nothing. One where it is left out. */
  readonly nodes?: number;
  /** What a node reads its tiers through, for who wants to know what it loads. */
  readonly seenThrough?: (catalogue: Catalogue, node: number) => Catalogue;
}): Promise<Shop> {
  const { nodes = 1, seenThrough = (through: Catalogue) => through } = options;
  const dataDir = await mkdtemp(join(tmpdir(), "shelfwire-purge-"));
  const logger = createLogger("silent");
  const embedded = await startEmbedded({ dataDir, logger, nats: { port: 0 }, redis: { port: 0 } });
  const { natsUrl = "", redisUrl = "" } = embedded;
  const closers: (() => Promise<void>)[] = [
    () => rm(dataDir, { recursive: true, force: true }),
    () => embedded.stop(),
  ];
  const open = async (role: string, redisTimeoutMs: number) => {
    const servers = { natsUrls: [natsUrl], redisUrl, logBytesMax: 2 * 1024 ** 3 };
    const catalogue = await openCatalogue({ servers, role, replicas: 1, logger, redisTimeoutMs });
    closers.push(catalogue.close);
    return catalogue;
  };
  const edgePort = await freePort(0);
  const edgeUrl = `http://127.0.0.1:${edgePort}`;
  const providers = options.providers ?? (options.varnish ? [varnishName(edgeUrl)] : []);
  const catalogue = await open("projector", 5_000);
  const apis: Api[] = [];
  for (let node = 0; node < nodes; node++) {
    const api = await startApi(seenThrough(await open("api", apiRedisTimeoutMs), node), {
      host: "127.0.0.1",
      port: 0,
      drainMs: 0,
      identity: nobody,
      cacheBytesMax: 16_000_000,
      edge: { lifetimes: options.lifetimes ?? "auto", providers },
      logger,
    });
    closers.push(api.stop);
    apis.push(api);
  }
  const projectors = startProjectors(catalogue, logger);
  closers.push(projectors.stop);
  await Promise.all(apis.map((api) => api.untilReady()));
  const urls = apis.map((api) => api.url);
  const [api = ""] = urls;
  let url = api;
  if (options.varnish) {
    const edge = await startEdge({
      urls,
      purgers: ["127.0.0.1"],
      probePath: "/readyz",
      dataDir: join(dataDir, "edge"),
      host: "127.0.0.1",
      port: edgePort,
      cacheBytesMax: 64_000_000,
      logger,
    });
    closers.push(edge.stop);
    url = edge.url;
  }
  return {
    url,
    api,
    nodes: urls,
    catalogue,
    environment: { NATS_URL: natsUrl, REDIS_URL: redisUrl, DATA_DIR: dataDir },
    kill(server) {
      const pid = embedded.pids()[server];
      if (pid === undefined) throw new Error(`${server} does not run at the moment`);
      process.kill(pid, "SIGKILL");
    },
    async publish(kind, id, payload) {
      const subject = publicSubject(kind, id as Identifier);
      const appended = await catalogue.catalog.append(subject, Buffer.from(JSON.stringify(payload)));
      if (appended.outcome !== "stored") throw new Error("the append met a conflict");
      return appended.sequence;
    },
    async get(path, from = url) {
      const response = await fetch(from + path);
      return { status: response.status, headers: response.headers, body: (await response.json()) as never };
    },
    async startPurges(providers) {
      const own = await open("actors", 5_000);
      const running = startPurges(own, providers, logger);
      closers.push(running.stop);
      return running;
    },
    async startHot(settings) {
      closers.push(startHot(await open("hot", apiRedisTimeoutMs), settings, logger).stop);
    },
    async stop() {
      for (const close of closers.reverse()) await close();
    },
  };
}

export const varnishOf = (shop: Shop): EdgeProvider => createVarnish(shop.url);

export const money = (amount: number) => ({ amount, currency: "EUR" });
