import { hostname } from "node:os";
import { createEdgePurge } from "../../actors/edge-purge/edge-purge.ts";
import type { EdgeProvider } from "../../actors/edge-purge/edge-provider.ts";
import { createPurgeRecord } from "../../actors/edge-purge/purge-record.ts";
import { supervise } from "../../actors/supervisor.ts";
import { categoryTag, productTag } from "../../api/cache-tags.ts";
import { longestAtEdgeMs, purgedAspects } from "../../api/cache-policy.ts";
import type { Catalogue } from "../catalogue.ts";
import type { Logger } from "../logger.ts";

/** The role that tells edges what changed: an actor for each provider, supervised. */
export interface Purges {
  stop(): Promise<void>;
}

const edge = {
  names: { product: productTag, category: categoryTag },
  shown: purgedAspects,
  lifetimeMs: longestAtEdgeMs,
};

/** A link that came back is used soon: until then lifetimes are short. */
const pauseMs = { first: 100, most: 1_000 };

export function startPurges(
  catalogue: Catalogue,
  providers: readonly EdgeProvider[],
  logger: Logger,
): Purges {
  const clock = () => performance.now();
  const supervisors = providers.map((provider) => {
    const record = createPurgeRecord(provider.name, logger);
    let restarts = () => 0;
    const create = () =>
      createEdgePurge({
        provider,
        open: catalogue.consumeChanges,
        log: catalogue.catalog,
        versions: catalogue.versions.catalog,
        readModel: catalogue.readModel,
        leases: catalogue.leases,
        purges: catalogue.purges,
        record,
        edge,
        about: () => ({ ...record.report(), host: hostname(), pid: process.pid, restarts: restarts() }),
        now: () => Date.now(),
        clock,
        journal: logger,
      });
    const supervisor = supervise(`purge of ${provider.name}`, create, {
      journal: logger,
      now: clock,
      pauseMs,
    });
    restarts = () => supervisor.restarts;
    return supervisor;
  });
  return {
    stop: async () => {
      await Promise.all(supervisors.map((supervisor) => supervisor.stop()));
    },
  };
}
