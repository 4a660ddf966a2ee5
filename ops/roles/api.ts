import { createStatusReader } from "../../actors/projection-status.ts";
import { cachePolicies } from "../../api/cache-policy.ts";
import { createCatalogHealth } from "../../api/catalog-health.ts";
import { createTreeReader } from "../../api/category-tree.ts";
import { createReadiness, drain } from "../../api/drain.ts";
import type { Identity } from "../../api/identity/identity.ts";
import { aboveFloors, createFloors } from "../../api/gateway/floors.ts";
import { createGateway } from "../../api/gateway/gateway.ts";
import { createProductAnswers } from "../../api/gateway/product-answers.ts";
import { createCatalogReader } from "../../api/reader.ts";
import { createServer } from "../../api/server.ts";
import type { LogName } from "../../streams/subjects.ts";
import type { Catalogue } from "../catalogue.ts";
import type { Logger } from "../logger.ts";
import { orRefuse } from "../refused.ts";

/** The role that answers HTTP. */
export interface Api {
  /** `http://host:port`. */
  readonly url: string;
  /** Resolves when `/readyz` first answers 200. */
  untilReady(): Promise<void>;
  /** Refuses new connections, finishes what is under way. */
  stop(): Promise<void>;
}

export async function startApi(
  catalogue: Catalogue,
  options: {
    readonly host: string;
    readonly port: number;
    /** How long `/readyz` says "draining" before the port closes, for whoever sends the traffic. */
    readonly drainMs: number;
    readonly identity: Identity;
    /** What the gateway's cache may take. */
    readonly cacheBytesMax: number;
    readonly logger: Logger;
  },
): Promise<Api> {
  const { host, port, drainMs, identity, logger } = options;
  const now = () => Date.now();
  const healthOf = (name: LogName) =>
    createCatalogHealth({
      name,
      log: catalogue[name],
      readModel: catalogue.readModel,
      versions: catalogue.versions[name],
      now,
    });
  const health = healthOf("catalog");
  const readiness = createReadiness();
  const { readModel, catalog, derived } = catalogue;
  const tree = createTreeReader({
    readModel,
    versions: catalogue.versions.catalog,
    freshnessMs: cachePolicies.categories.freshnessMs,
    now,
  });
  const versions = catalogue.versions.catalog;
  const floors = createFloors();
  const reader = aboveFloors(
    createCatalogReader({ catalog, derived, readModel, versions, now, journal: logger }),
    floors,
  );
  const gateway = createGateway({
    answers: createProductAnswers({ reader, readModel, versions, now }),
    changes: catalogue.changes,
    floors,
    bytesMax: options.cacheBytesMax,
    now,
    journal: logger,
  });
  const server = createServer({
    gateway,
    reader,
    tree,
    health,
    readModel,
    versions: catalogue.versions.catalog,
    stream: catalog.stream,
    now,
    logs: [health, healthOf("activity")],
    identity,
    readiness,
    projections: createStatusReader({ ...catalogue, logs: catalogue, now }),
    journal: logger,
  });
  await orRefuse(
    server.listen({ host, port }),
    `HOST=${host} PORT=${port}`,
    "choose another one; PORT=0 takes any that is free",
  );
  // The tree is small and has no other tier behind it whole: it is known before the first reader asks.
  await tree.read().catch((error) => logger.debug({ err: error }, "the tree is not readable yet"));
  const address = server.server.address();
  const listening = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${listening}`,
    async untilReady() {
      for (;;) {
        const { statusCode } = await server.inject({ url: "/readyz" });
        if (statusCode === 200) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async stop() {
      await drain(server.server, readiness, drainMs);
      await server.close();
      gateway.close();
    },
  };
}
