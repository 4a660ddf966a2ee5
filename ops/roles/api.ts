import { cachePolicies } from "../../api/cache-policy.ts";
import { createCatalogHealth } from "../../api/catalog-health.ts";
import { createTreeReader } from "../../api/category-tree.ts";
import { createCatalogReader } from "../../api/reader.ts";
import { createServer } from "../../api/server.ts";
import type { LogName } from "../../streams/subjects.ts";
import type { Catalogue } from "../catalogue.ts";
import type { Logger } from "../logger.ts";

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
  options: { readonly host: string; readonly port: number; readonly logger: Logger },
): Promise<Api> {
  const { host, port, logger } = options;
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
  const readiness = { draining: false };
  const { readModel, catalog, derived } = catalogue;
  const server = createServer({
    reader: createCatalogReader({
      catalog,
      derived,
      readModel,
      versions: catalogue.versions.catalog,
      now,
      journal: logger,
    }),
    tree: createTreeReader({
      readModel,
      versions: catalogue.versions.catalog,
      freshnessMs: cachePolicies.categories.freshnessMs,
      now,
    }),
    health,
    readModel,
    versions: catalogue.versions.catalog,
    stream: catalog.stream,
    now,
    logs: [health, healthOf("activity")],
    readiness,
    journal: logger,
  });
  await server.listen({ host, port });
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
      readiness.draining = true;
      await server.close();
    },
  };
}
