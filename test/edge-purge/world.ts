import { vi } from "vitest";
import { createEdgePurge } from "../../actors/edge-purge/edge-purge.ts";
import type { EdgeProvider, PurgeFailed } from "../../actors/edge-purge/edge-provider.ts";
import { decodePurgeWord } from "../../actors/edge-purge/purge-report.ts";
import { createPurgeRecord } from "../../actors/edge-purge/purge-record.ts";
import { type Supervisor, supervise } from "../../actors/supervisor.ts";
import { longestAtEdgeMs, purgedAspects } from "../../api/cache-policy.ts";
import { categoryTag, productTag } from "../../api/cache-tags.ts";
import type { Aspects } from "../../projections/aspects.ts";
import { encodeChange } from "../../projections/changes.ts";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import { versionsOf } from "../../projections/version.ts";
import { tokenOf } from "../../streams/identifier.ts";
import { limits } from "../../streams/limits.ts";
import { createMemoryBroadcast } from "../../streams/memory-broadcast.ts";
import { createMemoryConsumers } from "../../streams/memory-durable-consumer.ts";
import { createMemoryLeases } from "../../streams/memory-leases.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { partitionOf } from "../../streams/partition.ts";
import { type CatalogKind, publicSubject } from "../../streams/subjects.ts";
import { id } from "../streams/id.ts";

/** All that a purge actor stands on, in memory and in simulated time. */

const epoch = 1_000;
export const versions = versionsOf(epoch);
export const lamp = id("lamp");
export const partition = partitionOf(tokenOf(lamp));

/** An edge in memory: what it was asked to purge, and when. */
function createEdge() {
  /** Without those that only ask whether it is there. */
  const calls: { readonly at: number; readonly tags: readonly string[] }[] = [];
  let failing: PurgeFailed | undefined;
  const attempts: number[] = [];
  const provider: EdgeProvider = {
    name: "varnish",
    limits: {
      tagsPerCall: 100,
      tagBytesPerCall: 8_000,
      callsAtOnce: 100,
      callsPerSecond: 100,
      againAfterMs: 0,
    },
    async purge(tags) {
      attempts.push(Date.now());
      if (failing !== undefined) throw failing;
      if (tags[0] !== "shelfwire-asks") calls.push({ at: Date.now(), tags });
      return tags.length;
    },
  };
  return {
    provider,
    attempts,
    purged: () => calls.flatMap(({ tags }) => tags),
    calls,
    fail(error: PurgeFailed | undefined) {
      failing = error;
    },
  };
}

export type World = ReturnType<typeof createWorld>;

export function createWorld() {
  const now = () => Date.now();
  const clock = () => performance.now();
  /** By how much the wall clock of the actor is off, in milliseconds. */
  let skewMs = 0;
  const changes = createMemoryBroadcast();
  const open = createMemoryConsumers(changes, now);
  const log = createMemoryLog({ stream: "CATALOG", now, epoch });
  const readModel = createMemoryReadModel();
  const leases = createMemoryLeases(limits.leaseTtlMs, now);
  const purges = createMemoryBroadcast();
  const said: string[] = [];
  const alerts: string[] = [];
  purges.listen({ hear: (bytes) => said.push(decodePurgeWord(bytes)?.state ?? "no word"), missed: () => {} });
  const journal = {
    debug: () => {},
    info: (_: object, message: string) => void alerts.push(message),
    warn: (_: object, message: string) => void alerts.push(message),
    error: (_: object, message: string) => void alerts.push(message),
  };
  const edge = createEdge();
  const running: Supervisor[] = [];
  let count = 0;
  const beat = encodeChange({ by: "owner", count, moves: [], products: new Map(), names: [] });
  const beats = () => changes.publish(beat);
  beats();
  /** A projector speaks each second. */
  let beating: NodeJS.Timeout | undefined = setInterval(beats, 1_000);
  const silence = () => {
    clearInterval(beating);
    beating = undefined;
  };
  return {
    silence,
    speak() {
      beating ??= setInterval(beats, 1_000);
    },
    skew(ms: number) {
      skewMs = ms;
    },
    log,
    /** The log says that it reaches to there. */
    reach(last: number) {
      const bounds = { first: 1, last, messages: last, epoch };
      vi.spyOn(log, "bounds").mockResolvedValue(bounds);
    },
    /** So many words were said and are not held any more. */
    forget(count: number) {
      for (let at = 0; at < count; at++) beats();
      open.forget();
    },
    /** Anything, on the subject of words. */
    forge: (bytes: Uint8Array) => changes.publish(bytes),
    edge,
    leases,
    said,
    alerts,
    readModel,
    start() {
      const record = createPurgeRecord("varnish", journal);
      const create = () =>
        createEdgePurge({
          provider: edge.provider,
          open,
          log,
          versions,
          readModel,
          leases,
          purges,
          record,
          edge: {
            names: { product: productTag, category: categoryTag },
            shown: purgedAspects,
            lifetimeMs: longestAtEdgeMs,
          },
          about: () => ({ ...record.report(), host: "host", pid: running.length, restarts: 0 }),
          now: () => Date.now() + skewMs,
          clock,
          random: () => 1,
          journal,
        });
      const actor = supervise("purge", create, { journal, now: clock });
      running.push(actor);
      return actor;
    },
    /** A word of the partition's owner; without products: anything may have changed. */
    say(
      from: number,
      to: number,
      products: Readonly<Record<string, Aspects>> | undefined,
      names: readonly string[] = [],
    ) {
      const moves = [{ partition, from: versions(from), to: versions(to), headAt: Date.now() }];
      const named = products && new Map(Object.entries(products).map(([each, what]) => [id(each), what]));
      changes.publish(encodeChange({ by: "owner", count: ++count, moves, products: named, names }));
    },
    publish: (kind: CatalogKind, about: string, payload: object) =>
      log.append(publicSubject(kind, id(about)), Buffer.from(JSON.stringify(payload))),
    stop: () => {
      silence();
      return Promise.all(running.map((actor) => actor.stop()));
    },
  };
}
