import { parentPort, workerData } from "node:worker_threads";
import { createFloors } from "../../api/gateway/floors.ts";
import { type CatalogueOptions, openCatalogue } from "../catalogue.ts";
import type { Config } from "../config.ts";
import { quoteKeysOf } from "../checkout-settings.ts";
import { openIdentity } from "../identity.ts";
import { providerNames } from "../purge/settings.ts";
import { createLogger } from "../logger.ts";
import { startApi } from "./api.ts";
import { apiRedisTimeoutMs } from "./tiers.ts";

/**
 * One of a node's API workers: a thread with its own connections, its own gateway's cache and its own server on the
 * port that all of them share. `api-workers.ts` starts it, tells it to drain, and ends it.
 */
export interface WorkerSettings {
  /** From 1 on; a worker that takes the place of another has its number. */
  readonly number: number;
  /** With the port that was found and this worker's share of the cache. */
  readonly config: Config;
  readonly servers: CatalogueOptions["servers"];
  readonly reusePort: boolean;
  /** Whether the node was ready already, by a worker whose place this one takes. */
  readonly wasReady: boolean;
  /** What the node has shown. */
  readonly floors: SharedArrayBuffer;
  /** Counted up while its event loop turns. */
  readonly beats: SharedArrayBuffer;
}

/** How often it counts. */
const beatMs = 500;

/** What it tells, in this order. */
export type WorkerWord =
  | { readonly kind: "listening"; readonly url: string }
  | { readonly kind: "ready" }
  | { readonly kind: "drained" };

const { number, config, servers, reusePort, wasReady, floors, beats } = workerData as WorkerSettings;
const logger = createLogger(config.logLevel).child({ worker: number });
const counted = new Int32Array(beats);
setInterval(() => Atomics.add(counted, 0, 1), beatMs).unref();
const tell = (word: WorkerWord) => parentPort?.postMessage(word);

const catalogue = await openCatalogue({
  servers,
  role: "api",
  replicas: config.replicas,
  logger,
  redisTimeoutMs: apiRedisTimeoutMs,
});
const keys = quoteKeysOf(config);
const api = await startApi(catalogue, {
  host: config.host,
  port: config.port,
  drainMs: config.drainMs,
  identity: openIdentity(config, logger),
  cacheBytesMax: config.cacheBytesMax,
  floors: createFloors(floors),
  reusePort,
  wasReady,
  checkout: keys && { keys, terms: config.checkoutTerms },
  edge: { lifetimes: config.edgeLifetimes, providers: providerNames(config.purge) },
  callers: { trustedProxies: config.trustedProxies, perSecondMax: config.callerReadsPerSecond },
  logger,
});
/** It goes on listening, so that the thread lives until it is ended. */
const asked = new Promise<void>((resolve) => parentPort?.on("message", () => resolve()));
tell({ kind: "listening", url: api.url });
const isReady = await Promise.race([api.untilReady().then(() => true), asked.then(() => false)]);
if (isReady) tell({ kind: "ready" });
await asked;
await api.stop();
await catalogue.close();
tell({ kind: "drained" });
