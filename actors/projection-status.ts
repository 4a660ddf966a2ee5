import { setTimeout as delay } from "node:timers/promises";
import type { Leases } from "../streams/lease.ts";
import type { Log } from "../streams/log.ts";
import { allPartitions } from "../streams/partition.ts";
import type { LogName } from "../streams/subjects.ts";
import type { Position, ReadModel } from "../projections/read-model.ts";
import { revisionOf, sameLog, sequenceOf, type Versions } from "../projections/version.ts";
import { memberKey, partitionKey } from "./partition-owner.ts";

/**
 * How the projections are, put together from what anybody can read: positions in the read models, the log's end,
 * the leases of partitions, and what each projector says of itself in its own lease.
 */
export interface ProjectionStatus {
  readonly log: LogName;
  /** The member that holds these partitions; null where nobody does. */
  readonly owner: string | null;
  readonly partitions: readonly number[];
  /** The lowest place in the log that one of them has reached; 0 where one has no position. */
  readonly position: number;
  readonly head: number;
  readonly events_behind: number;
  /** How old the last event applied is, by the log's clock; null before the first. */
  readonly last_event_seconds: number | null;
  /** How long ago the slowest of them was known to be at the head; null while one never was. */
  readonly at_head_seconds: number | null;
  /** How many wait to be rebuilt: older folds made what they hold. */
  readonly rebuild_due: number;
  /** What the owner says of itself; null where nobody does. */
  readonly host: string | null;
  readonly pid: number | null;
  readonly restarts: number | null;
  readonly quarantined: number | null;
}

/** What a projector says of itself in its member's lease, as JSON. */
export type OwnerReport = Readonly<
  Record<"host", string> & Record<"pid" | "restarts" | "quarantined", number>
>;

export interface ProjectionStatusOptions {
  readonly logs: Readonly<Record<LogName, Log>>;
  readonly versions: Readonly<Record<LogName, Versions>>;
  readonly readModel: ReadModel;
  readonly leases: Leases;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** One status for each owner of each log. Costs some ten requests to NATS and two to Redis. */
export async function readProjectionStatus(
  options: ProjectionStatusOptions,
): Promise<readonly ProjectionStatus[]> {
  const owners = await options.leases.owners();
  const names: readonly LogName[] = ["catalog", "activity"];
  const all = await Promise.all(names.map((name) => statusOf(name, owners, options)));
  return all.flat();
}

const rememberedMs = 1_000;
const waitMs = 250;

/**
 * A status for whoever asks often and cannot wait: read at most once a second, waited for a quarter of one; null
 * where it could not be read.
 */
export function createStatusReader<Status>(
  read: () => Promise<Status>,
  now: () => number,
): () => Promise<Status | null> {
  let known: Status | null = null;
  let reading: Promise<void> | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (reading === undefined && now() - askedAt >= rememberedMs) {
      askedAt = now();
      reading = read()
        .then((status) => {
          known = status;
        })
        .catch(() => {
          known = null;
        })
        .finally(() => {
          reading = undefined;
        });
    }
    await Promise.race([reading, delay(waitMs, undefined, { ref: false })]);
    return known;
  };
}

async function statusOf(
  name: LogName,
  leases: ReadonlyMap<string, string>,
  { logs, versions, readModel, now }: ProjectionStatusOptions,
): Promise<readonly ProjectionStatus[]> {
  const log = logs[name];
  const [bounds, found] = await Promise.all([log.bounds(), readModel.positions(name, allPartitions)]);
  const position = (partition: number): Position | undefined => {
    const one = found.get(partition);
    return one !== undefined && sameLog(one.version, versions[name](0)) ? one : undefined;
  };
  const byOwner = Map.groupBy(allPartitions, (each) => leases.get(partitionKey(name, each)) ?? null);
  return Promise.all(
    [...byOwner].map(async ([owner, partitions]): Promise<ProjectionStatus> => {
      const positions = partitions.map(position);
      const lowest = Math.min(...positions.map((one) => (one === undefined ? 0 : sequenceOf(one.version))));
      const headAt = Math.min(...positions.map((one) => one?.headAt ?? 0));
      const last = lowest === 0 ? undefined : await log.next(">", lowest);
      const said = owner === null ? undefined : leases.get(memberKey(name, owner));
      const report = said === undefined ? undefined : (JSON.parse(said) as OwnerReport);
      return {
        log: name,
        owner,
        partitions,
        position: lowest,
        head: bounds.last,
        events_behind: Math.max(0, bounds.last - lowest),
        last_event_seconds: last === undefined ? null : secondsSince(last.time, now()),
        at_head_seconds: headAt === 0 ? null : secondsSince(headAt, now()),
        rebuild_due: name === "catalog" ? rebuildDue(positions, versions[name]) : 0,
        host: report?.host ?? null,
        pid: report?.pid ?? null,
        restarts: report?.restarts ?? null,
        quarantined: report?.quarantined ?? null,
      };
    }),
  );
}

function rebuildDue(positions: readonly (Position | undefined)[], versions: Versions): number {
  const revision = revisionOf(versions(0));
  return positions.filter((one) => one !== undefined && revisionOf(one.version) < revision).length;
}

function secondsSince(moment: number, now: number): number {
  return Math.max(0, Math.round((now - moment) / 100) / 10);
}
