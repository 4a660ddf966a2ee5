import { createSlots } from "../../streams/slots.ts";
import type { FastifyInstance } from "fastify";
import { type Admission, createAdmission } from "../../api/admission.ts";
import { createCatalogHealth } from "../../api/catalog-health.ts";
import { createTreeReader } from "../../api/category-tree.ts";
import type { Checkout } from "../../api/checkout/checkout.ts";
import type { EdgeTrust } from "../../api/edge-trust.ts";
import { createReadHeat, type ReadHeat } from "../../api/heat/heat.ts";
import type { RateLimit } from "../../api/heat/rate-limit.ts";
import { createAddressOf } from "../../api/heat/reader-address.ts";
import { type Identity, nobody } from "../../api/identity/identity.ts";
import { aboveFloors, createFloors, type Floors } from "../../api/gateway/floors.ts";
import { createGateway } from "../../api/gateway/gateway.ts";
import { createPageAnswers } from "../../api/gateway/page-answers.ts";
import { createProductAnswers } from "../../api/gateway/product-answers.ts";
import { encodeParts } from "../../api/gateway/product-parts.ts";
import type { HotLine } from "../../api/gateway/pushed-values.ts";
import { createStoredAnswers } from "../../api/gateway/stored-answers.ts";
import { createCatalogReader } from "../../api/reader.ts";
import { createReadiness, type Readiness } from "../../api/drain.ts";
import { createServer } from "../../api/server.ts";
import { announcing } from "../../projections/announcing.ts";
import { createCatalogProjection } from "../../projections/catalog/projection.ts";
import { unclaimed } from "../../projections/load-claims.ts";
import { createProjector } from "../../projections/projector.ts";
import type { ReadModel } from "../../projections/read-model.ts";
import { type Versions, versionsOf } from "../../projections/version.ts";
import type { Journal } from "../../streams/journal.ts";
import type { Log } from "../../streams/log.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { Broadcast } from "../../streams/broadcast.ts";
import { createMemoryBroadcast } from "../../streams/memory-broadcast.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { allPartitions } from "../../streams/partition.ts";
import type { Published } from "./random-shop.ts";

/** The catalogue over logs in memory and any read model: the real projector and the real API. */

export const silent: Journal = { debug() {}, info() {}, warn() {}, error() {} };
const versions = versionsOf(1);

export interface World {
  readonly catalog: Log;
  readonly quarantine: Log;
  readonly readModel: ReadModel;
  readonly versions: Versions;
  readonly clock: { now: number };
  publish(events: readonly Published[]): Promise<void>;
  /** A projector of its own; runs until it is stopped. */
  project(options?: { readonly owned?: readonly number[]; readonly batchMax?: number }): Running;
  /**
   * `catalog`: the log that it reads in place of the one that is written; `changes`: what it hears instead; `floors`:
   * those of the node that it is a part of.
   */
  api(options?: {
    readonly identity?: Identity;
    readonly catalog?: Log;
    readonly changes?: Broadcast;
    readonly floors?: Floors;
    readonly admission?: Admission;
    /** Where values of hot products come from. */
    readonly hot?: HotLine;
    readonly heat?: ReadHeat;
    readonly trustedProxies?: readonly string[];
    readonly rateLimit?: RateLimit;
    readonly checkout?: Checkout;
    readonly edge?: Pick<EdgeTrust, "isShort">;
    readonly readiness?: Readiness;
  }): FastifyInstance;
  /** What a product's page is made of, as an owner of the hot set would push it now. */
  parts(id: Identifier): Promise<string | undefined>;
}

export interface Running {
  stop(): Promise<void>;
}

export function createWorld(readModel: ReadModel, now: number): World {
  const clock = { now };
  const time = () => clock.now;
  const catalog = createMemoryLog({ stream: "CATALOG", now: time, epoch: 1 });
  const derived = createMemoryLog({ stream: "DERIVED", now: time, perSubject: 1 });
  const quarantine = createMemoryLog({ stream: "QUARANTINE", now: time, perSubject: 1 });
  const changes = createMemoryBroadcast();
  const shared = { catalog, derived, readModel, versions, now: time, journal: silent };
  function readingFrom(read: Log, floors: Floors) {
    const reader = aboveFloors(
      createCatalogReader({ ...shared, slots: createSlots(32), claims: unclaimed, catalog: read }),
      floors,
    );
    const stored = createStoredAnswers({ ...shared, floors });
    return { reader, stored, answers: createProductAnswers({ ...shared, reader, stored }) };
  }
  return {
    catalog,
    quarantine,
    readModel,
    versions,
    clock,

    async publish(events) {
      for (const { subject, payload, headers } of events) {
        await catalog.append(subject, Buffer.from(payload), headers === undefined ? {} : { headers });
      }
    },

    project({ owned = allPartitions, batchMax = Number.POSITIVE_INFINITY } = {}) {
      const stopping = new AbortController();
      const mine = new Set(owned);
      const announced = { ...shared, readModel: announcing(readModel, changes) };
      const projector = createProjector({
        ...announced,
        name: "catalog",
        log: inBatches(catalog, batchMax),
        quarantine,
        projection: createCatalogProjection(announced),
        epoch: 1,
        owned: () => mine,
      });
      const run = projector.run(stopping.signal);
      run.catch(() => {});
      return {
        async stop() {
          stopping.abort();
          await run;
        },
      };
    },

    api({
      identity = nobody,
      catalog: read = catalog,
      changes: heard = changes,
      floors = createFloors(),
      admission = createAdmission({ now: () => performance.now(), afterTurn: setImmediate }),
      hot,
      heat = createReadHeat({ by: "the world", holds: true, words: createMemoryBroadcast(), clock: time }),
      trustedProxies = [],
      rateLimit,
      checkout,
      edge = { isShort: false },
      readiness = createReadiness(),
    } = {}) {
      const health = createCatalogHealth({ ...shared, name: "catalog", log: read });
      const { reader, stored, answers } = readingFrom(read, floors);
      const tree = createTreeReader({ readModel, versions, floors, freshnessMs: 60_000, now: time });
      const server = createServer({
        edge,
        heat,
        addressOf: createAddressOf(trustedProxies),
        rateLimit,
        purges: async () => [],
        stock: async () => [],
        gateway: createGateway({
          ...shared,
          answers,
          stored,
          changes: heard,
          floors,
          bytesMax: 1_000_000,
          ...(hot !== undefined && { hot }),
        }),
        pages: createPageAnswers({ ...shared, reader, tree }),
        reader,
        health,
        stream: catalog.stream,
        now: time,
        logs: [health],
        projections: async () => [],
        identity,
        ...(checkout !== undefined && { checkout }),
        readiness,
        admission,
        journal: silent,
      });
      return server.addHook("onClose", async () => heat.close());
    },

    async parts(id) {
      const { answers } = readingFrom(catalog, createFloors());
      const parts = await answers.parts(id, { freshnessMs: 5_000 });
      return parts && encodeParts(parts, versions);
    },
  };
}

/** The same log, taken in small batches and without long waits. */
function inBatches(log: Log, batchMax: number): Log {
  return {
    ...log,
    tail(options) {
      const tail = log.tail(options);
      return { ...tail, take: (max, waitMs) => tail.take(Math.min(max, batchMax), Math.min(waitMs, 2)) };
    },
  };
}
