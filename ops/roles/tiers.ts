import { logBehind, readModelBehind } from "../../api/behind-breakers.ts";
import { type BreakerOptions, createBreaker } from "../../api/breaker.ts";
import { type Breakers, withLastResort } from "../../api/last-resort.ts";
import { type CatalogReader, createCatalogReader } from "../../api/reader.ts";
import { didNotAnswer } from "../../projections/redis/connection.ts";
import { createRedisLoadClaims } from "../../projections/redis/load-claims.ts";
import { LogUnavailable } from "../../streams/log.ts";
import { createSlots } from "../../streams/slots.ts";
import type { Catalogue } from "../catalogue.ts";
import type { Logger } from "../logger.ts";

/** How whoever answers readers, or reads for them, reaches Redis and the log. */

/**
 * Loads from the log that are under way: 32, of which strong reads and those past a breaker have their own, since they
 * wait where a breaker lets nobody wait.
 */
const logReadsInFlightMax = 24;
const pastReadsInFlightMax = 8;

/** What a reader may wait for Redis before the log is asked. */
export const apiRedisTimeoutMs = 250;

/** The tiers behind the gateway, each behind a breaker that a sign of life from its server nudges. */
export function openTiers(catalogue: Catalogue, logger: Logger) {
  const breakerOf = (own: Pick<BreakerOptions, "name" | "isFailure" | "patienceMs" | "returnMs">) =>
    createBreaker({
      ...own,
      onState: (state) => logger.warn({ tier: own.name, state }, "a breaker changed its state"),
      now: () => performance.now(),
    });
  const redisBreaker = breakerOf({
    name: "Redis",
    isFailure: didNotAnswer,
    patienceMs: 200,
    returnMs: 3_000,
  });
  catalogue.redis.on("ready", redisBreaker.nudge);
  const logBreaker = breakerOf({
    name: "the log",
    isFailure: (error) => error instanceof LogUnavailable,
    patienceMs: 250,
    // One read makes several gets, and a few dozen at most are under way.
    returnMs: 0,
  });
  const listening = catalogue.changes.listen({ hear: logBreaker.nudge, missed: logBreaker.nudge });
  return {
    listening,
    breakers: { redis: redisBreaker, log: logBreaker },
    readModel: readModelBehind(catalogue.readModel, redisBreaker),
    catalog: logBehind(catalogue.catalog, logBreaker),
    activity: logBehind(catalogue.activity, logBreaker),
    derived: logBehind(catalogue.derived, logBreaker),
  };
}

export function readerOf(
  catalogue: Catalogue,
  tiers: Pick<Catalogue, "catalog" | "derived" | "readModel"> & { readonly breakers: Breakers },
  journal: Logger,
): CatalogReader {
  const reading = (
    { catalog, derived, readModel }: Pick<Catalogue, "catalog" | "derived" | "readModel">,
    inFlightMax: number,
  ) =>
    createCatalogReader({
      catalog,
      derived,
      slots: createSlots(inFlightMax),
      readModel,
      claims: createRedisLoadClaims(catalogue.redis, catalogue.versions.catalog(0)),
      versions: catalogue.versions.catalog,
      now: () => Date.now(),
      journal,
    });
  return withLastResort(
    reading(tiers, logReadsInFlightMax),
    reading(catalogue, pastReadsInFlightMax),
    tiers.breakers,
  );
}
