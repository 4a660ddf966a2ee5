import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nobody } from "../../api/identity/identity.ts";
import { type Catalogue, openCatalogue } from "../../ops/catalogue.ts";
import { startEmbedded } from "../../ops/embedded/embedded.ts";
import { createLogger } from "../../ops/logger.ts";
import { type Api, startApi } from "../../ops/roles/api.ts";
import { apiRedisTimeoutMs } from "../../ops/roles/tiers.ts";
import { type Projectors, startProjectors } from "../../ops/roles/projectors.ts";
import { publicSubject, type EventKind } from "../../streams/subjects.ts";
import type { Identifier } from "../../streams/identifier.ts";

/** Shelfwire as a whole, on real servers of the test's own: publish, and read over HTTP. */
export interface Running {
  readonly url: string;
  readonly catalogue: Catalogue;
  readonly pids: () => { readonly nats: number | undefined; readonly redis: number | undefined };
  readonly natsUrl: string;
  /** Publishes and returns the sequence that the log gave. */
  publish(kind: EventKind, id: string, payload: object | string): Promise<number>;
  /** A read that includes everything up to `sequence`. */
  get(
    path: string,
    options?: { readonly after?: number; readonly headers?: Record<string, string> },
  ): Promise<Answer>;
  stopProjectors(): Promise<void>;
  startProjectors(): void;
  stop(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON. */
  readonly body: Record<string, unknown>;
}

export async function startRunning(
  settings: Pick<Parameters<typeof startApi>[1], "callers"> = {},
): Promise<Running> {
  const dataDir = await mkdtemp(join(tmpdir(), "shelfwire-system-"));
  const logger = createLogger("silent");
  const embedded = await startEmbedded({ dataDir, logger, nats: { port: 0 }, redis: { port: 0 } });
  const { natsUrl = "", redisUrl = "" } = embedded;
  const servers = {
    natsUrls: [natsUrl],
    redisUrl,
    http: undefined,
    own: true,
    logBytesMax: 2 * 1024 ** 3,
    stop: () => embedded.stop(),
  };
  const options = { servers, replicas: 1, logger };
  const catalogue = await openCatalogue({ ...options, role: "projector", redisTimeoutMs: 5_000 });
  const reading = await openCatalogue({ ...options, role: "api", redisTimeoutMs: apiRedisTimeoutMs });
  let projectors: Projectors | undefined = startProjectors(catalogue, logger);
  const api: Api = await startApi(reading, {
    host: "127.0.0.1",
    port: 0,
    drainMs: 0,
    identity: nobody,
    cacheBytesMax: 16_000_000,
    ...settings,
    logger,
  });
  await api.untilReady();
  return {
    url: api.url,
    catalogue,
    natsUrl,
    pids: embedded.pids,
    async publish(kind, id, payload) {
      const bytes = Buffer.from(typeof payload === "string" ? payload : JSON.stringify(payload));
      const log =
        kind === "view.recorded" || kind === "order.placed" ? catalogue.activity : catalogue.catalog;
      const appended = await log.append(publicSubject(kind, id as Identifier), bytes);
      if (appended.outcome !== "stored") throw new Error("the append met a conflict");
      return appended.sequence;
    },
    async get(path, { after, headers = {} } = {}) {
      const response = await fetch(api.url + path, {
        headers: { ...headers, ...(after !== undefined && { "catalog-min-version": `CATALOG/${after}` }) },
      });
      const text = await response.text();
      const json = /json/.test(response.headers.get("content-type") ?? "") && text !== "";
      return { status: response.status, headers: response.headers, text, body: json ? JSON.parse(text) : {} };
    },
    async stopProjectors() {
      await projectors?.stop();
      projectors = undefined;
    },
    startProjectors() {
      projectors = startProjectors(catalogue, logger);
    },
    async stop() {
      await api.stop();
      await projectors?.stop();
      await reading.close();
      await catalogue.close();
      await embedded.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
