import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { createHotOwner } from "../../actors/hot/hot-owner.ts";
import type { HotValues } from "../../actors/hot/hot-loads.ts";
import { supervise } from "../../actors/supervisor.ts";
import { cachePolicies } from "../../api/cache-policy.ts";
import { createFloors } from "../../api/gateway/floors.ts";
import { createProductAnswers } from "../../api/gateway/product-answers.ts";
import { encodeParts } from "../../api/gateway/product-parts.ts";
import { createStoredAnswers } from "../../api/gateway/stored-answers.ts";
import type { Catalogue } from "../catalogue.ts";
import type { Config } from "../config.ts";
import type { Logger } from "../logger.ts";
import { openTiers, readerOf } from "./tiers.ts";

/** The role that looks after hot products: one actor, supervised; of several in a cluster one is at work. */
export interface HotRole {
  stop(): Promise<void>;
}

/** A link that came back is used soon: until then a change of a hot product is loaded by whoever reads it. */
const pauseMs = { first: 100, most: 1_000 };

/** `catalogue`: of its own, since what it reads for readers must not wait behind what a projector writes. */
export function startHot(
  catalogue: Catalogue,
  settings: Pick<Config, "hotProductsMax" | "saleWarmMs">,
  logger: Logger,
): HotRole {
  const { values, close } = hotValuesOf(catalogue, logger);
  const clock = () => performance.now();
  let restarts = () => 0;
  const create = () =>
    createHotOwner({
      values,
      hot: catalogue.hot,
      catalog: catalogue.catalog,
      versions: catalogue.versions.catalog,
      leases: catalogue.leases,
      heat: catalogue.heat,
      held: catalogue.hotHeld,
      changes: catalogue.changes,
      overheard: catalogue.overheard,
      pushed: catalogue.hotValues,
      callers: catalogue.hotCallers,
      hotMax: settings.hotProductsMax,
      warmBeforeMs: settings.saleWarmMs,
      about: () => JSON.stringify({ host: hostname(), pid: process.pid, restarts: restarts() }),
      newId: randomUUID,
      now: () => Date.now(),
      clock,
      journal: logger,
    });
  const supervisor = supervise("hot products", create, { journal: logger, now: clock, pauseMs });
  restarts = () => supervisor.restarts;
  return {
    async stop() {
      await supervisor.stop();
      close();
    },
  };
}

/** What hot products are made of, by the way of any reader; stored ready for all on the way. */
function hotValuesOf(catalogue: Catalogue, logger: Logger): { readonly values: HotValues; close(): void } {
  const now = () => Date.now();
  const versions = catalogue.versions.catalog;
  const { readModel, breakers, listening, catalog, derived } = openTiers(catalogue, logger);
  const reader = readerOf(catalogue, { catalog, derived, readModel, breakers }, logger);
  const stored = createStoredAnswers({ readModel, floors: createFloors(), versions, now, journal: logger });
  const answers = createProductAnswers({ reader, stored, readModel, versions, now });
  const { freshnessMs } = cachePolicies.productAssembled;
  return {
    close: listening.close,
    values: {
      async load(id, due) {
        const parts = await answers.parts(id, { freshnessMs, knownSequence: due });
        if (parts === undefined) return undefined;
        if (parts.found.source === "stale" || parts.group?.degraded === true)
          throw new Error(`no tier knows ${id} as it is now`);
        return { value: encodeParts(parts, versions), sequence: parts.found.sequence };
      },
    },
  };
}
