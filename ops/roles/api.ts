import { randomUUID } from "node:crypto";
import { readPurgeReports } from "../../actors/edge-purge/purge-report.ts";
import { createStatusReader, readProjectionStatus } from "../../actors/projection-status.ts";
import { askStock } from "../../actors/stock/stock-asking.ts";
import { readStockStatus } from "../../actors/stock/stock-status.ts";
import { createAdmission } from "../../api/admission.ts";
import { cachePolicies } from "../../api/cache-policy.ts";
import { createCatalogHealth } from "../../api/catalog-health.ts";
import { createTreeReader } from "../../api/category-tree.ts";
import { type Checkout, type CheckoutOptions, createCheckout } from "../../api/checkout/checkout.ts";
import { createReadiness, drain } from "../../api/drain.ts";
import type { EdgeLifetimes } from "../../api/edge-trust.ts";
import { createReadHeat } from "../../api/heat/heat.ts";
import { createRateLimit } from "../../api/heat/rate-limit.ts";
import { createAddressOf } from "../../api/heat/reader-address.ts";
import type { Identity } from "../../api/identity/identity.ts";
import { aboveFloors, createFloors, type Floors } from "../../api/gateway/floors.ts";
import { createGateway } from "../../api/gateway/gateway.ts";
import { createPageAnswers } from "../../api/gateway/page-answers.ts";
import { createProductAnswers } from "../../api/gateway/product-answers.ts";
import { createStoredAnswers } from "../../api/gateway/stored-answers.ts";
import { createServer } from "../../api/server.ts";
import { createProductFromLog } from "../../api/product-from-log.ts";
import { createStrongReads } from "../../api/strong-reads.ts";
import { createSlots } from "../../streams/slots.ts";
import type { LogName } from "../../streams/subjects.ts";
import type { Catalogue } from "../catalogue.ts";
import type { Logger } from "../logger.ts";
import { openEdgeTrust } from "./edge-trust.ts";
import { orRefuse } from "../refused.ts";
import { openTiers, readerOf } from "./tiers.ts";

/** The role that answers HTTP. */
export interface Api {
  /** `http://host:port`. */
  readonly url: string;
  /** Resolves when `/readyz` first answers 200. */
  untilReady(): Promise<void>;
  /** Refuses new connections, finishes what is under way. */
  stop(): Promise<void>;
}

/** Of one thread. */
const checkoutReadsInFlightMax = 32;

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
    /** What the node has shown, where this is one of its workers. */
    readonly floors?: Floors;
    /** Whether several listen on the port, and the system shares connections out among them. */
    readonly reusePort?: boolean;
    /** Whether the node was ready already, by a worker whose place this one takes. */
    readonly wasReady?: boolean;
    /** What CDNs may hold, and whose purge actors must give signs of life; none where it is left out. */
    readonly edge?: { readonly lifetimes: EdgeLifetimes; readonly providers: readonly string[] };
    /** Whom reads count for, and how many a second a caller may make in the cluster; 0 is any number. */
    readonly callers?: { readonly trustedProxies: readonly string[]; readonly perSecondMax: number };
    /** What quotes are signed with, and what a buyer may have; without it nothing is sold. */
    readonly checkout?: Pick<CheckoutOptions, "keys" | "terms"> | undefined;
    readonly logger: Logger;
  },
): Promise<Api> {
  const { host, port, drainMs, identity, logger, floors = createFloors(), reusePort = false } = options;
  const { trustedProxies, perSecondMax } = options.callers ?? { trustedProxies: [], perSecondMax: 0 };
  const now = () => Date.now();
  const clock = () => performance.now();
  /** Names this worker in its words of heat, and of values that it holds. */
  const by = randomUUID();
  const versions = catalogue.versions.catalog;
  const { readModel, breakers, listening: signs, ...logs } = openTiers(catalogue, logger);
  const healthOf = (name: LogName) =>
    createCatalogHealth({ name, log: logs[name], readModel, versions: catalogue.versions[name], now });
  const health = healthOf("catalog");
  const readiness = createReadiness(options.wasReady);
  const { catalog } = logs;
  const tree = createTreeReader({
    readModel,
    versions,
    floors,
    freshnessMs: cachePolicies.categories.freshnessMs,
    now,
  });
  const reader = aboveFloors(readerOf(catalogue, { ...logs, readModel, breakers }, logger), floors);
  const stored = createStoredAnswers({ readModel, floors, versions, now, journal: logger });
  const gateway = createGateway({
    answers: createProductAnswers({ reader, stored, readModel, versions, now }),
    stored,
    changes: catalogue.changes,
    floors,
    versions,
    bytesMax: options.cacheBytesMax,
    hot: { values: catalogue.hotValues, held: catalogue.hotHeld, by },
    now,
    journal: logger,
  });
  const heat = createReadHeat({ by, holds: true, words: catalogue.heat, clock });
  const rateLimit =
    perSecondMax > 0 ? createRateLimit({ words: catalogue.hotCallers, perSecondMax, clock }) : undefined;
  const edge = openEdgeTrust(catalogue, options.edge, logger);
  if (options.checkout === undefined)
    logger.warn("nothing is sold: QUOTE_KEYS is not set, and there is no JWT_SECRET to make a key from");
  const checkout = options.checkout && checkoutOf(catalogue, logs, options.checkout);
  const server = createServer({
    ...(checkout !== undefined && { checkout }),
    gateway,
    edge: edge.trust,
    pages: createPageAnswers({ reader, tree, readModel, versions, now }),
    reader,
    health,
    stream: catalog.stream,
    now,
    logs: [health, healthOf("activity")],
    identity,
    readiness,
    heat,
    addressOf: createAddressOf(trustedProxies),
    rateLimit,
    admission: createAdmission({ now: clock, afterTurn: setImmediate }),
    projections: createStatusReader(() => readProjectionStatus({ ...catalogue, logs: catalogue, now }), now),
    purges: createStatusReader(() => readPurgeReports(catalogue.leases), now),
    stock: createStatusReader(() => readStockStatus(catalogue.leases), now),
    journal: logger,
  });
  const place = { host, port, reusePort };
  await orRefuse(
    server.listen(place),
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
      heat.close();
      rateLimit?.close();
      signs.close();
      edge.close();
    },
  };
}

/**
 * It reads prices and stock for itself, behind the breaker of the log: while that has no leader a buyer hears so at once,
 * and readers of pages do not stand before him.
 */
function checkoutOf(
  catalogue: Catalogue,
  logs: Pick<Catalogue, "catalog" | "derived">,
  own: Pick<CheckoutOptions, "keys" | "terms">,
): Checkout {
  const { checkout, activity, asking, epochs, versions } = catalogue;
  const { catalog, derived } = logs;
  const slots = createSlots(checkoutReadsInFlightMax);
  const fromLog = createProductFromLog(catalog, derived, versions.catalog, slots);
  return createCheckout({
    ...own,
    reads: createStrongReads(catalog, derived, fromLog, slots),
    checkout,
    activity,
    stock: askStock(asking),
    epoch: epochs.catalog,
    now: () => Date.now(),
    newId: randomUUID,
  });
}
