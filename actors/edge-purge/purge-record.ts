import type { Journal } from "../../streams/journal.ts";
import type { PurgeReport, PurgeState } from "./purge-report.ts";

/**
 * How purging a provider fares, through all lives of its actor in this process: counts, and whether the provider is
 * up. A person is told once when it goes down and once when it is back.
 *
 * Times are monotonic milliseconds. A provider that is too slow does not come and go with each change that is late: it
 * is up again when nothing was late for a minute. What was late already when this process heard of it is nothing that the
 * provider did: it counts while it waits.
 */
export interface PurgeRecord {
  purged(tags: number, concerned: number | undefined): void;
  failed(error: unknown, now: number): void;
  expired(tags: number, now: number): void;
  /** What was changed and is not purged: what an edge stores meanwhile should end soon by itself. */
  unread(events: number, now: number): void;
  /** Failures in a row. */
  failures(): number;
  /** Whether it is not known that the provider takes purges: none was made yet, or the last one failed. */
  isInDoubt(): boolean;
  /** A word came that was not acted on before. Projectors say one each second. */
  heard(now: number): void;
  /**
   * Whether a consumer that was opened at this time has been silent for so long that it may have stalled, and is to be
   * opened again. The wait doubles each time, since a catalogue without projectors is silent too.
   */
  isStalled(openedAt: number, now: number): boolean;
  /** Looks at what waits, and says how it stands. */
  look(waiting: Waiting, now: number): PurgeState;
  report(): Omit<PurgeReport, "host" | "pid" | "restarts">;
}

export interface Waiting {
  /** Tags. */
  readonly pending: number;
  /** When the oldest change that is not acted on was told. */
  readonly oldestAt: number | undefined;
  /** When the oldest of what waits here was heard of. */
  readonly waitsSince: number | undefined;
}

/** A change that has waited for longer is late, for whichever reason, and a provider that has failed for longer is down. */
const lateMs = 5_000;
const calmMs = 60_000;
/** No edge holds what the API assembled for longer. */
const unreadMs = 30_000;
/** So long without a word there is nobody who would say that something changed. */
export const silentMs = 3_000;
const stalledMs = { first: 10_000, most: 80_000 };
const sayAgainMs = 60_000;

export function createPurgeRecord(provider: string, journal: Journal): PurgeRecord {
  const counts = { purged: 0, in_vain: null as number | null, expired: 0, failed: 0, unread: 0 };
  let failures = 0;
  let failingSince = 0;
  let reason = "";
  let hasTaken = false;
  let state: PurgeState = "down";
  let standing = { pending: 0, oldest_seconds: 0 };
  let slowUntil = Number.NEGATIVE_INFINITY;
  let unreadUntil = Number.NEGATIVE_INFINITY;
  let heardAt = Number.NEGATIVE_INFINITY;
  let stallsMs = stalledMs.first;
  let isTold = false;
  let silentUntil = Number.NEGATIVE_INFINITY;

  function stateOf(oldestMs: number, now: number): PurgeState {
    if (oldestMs > lateMs || now < slowUntil || now < unreadUntil || now - heardAt > silentMs) return "down";
    if (failures === 0) return "up";
    // One that never took a purge is not given the benefit of the doubt.
    return state === "down" || !hasTaken || now - failingSince > lateMs ? "down" : "retrying";
  }

  return {
    purged(tags, concerned) {
      counts.purged += tags;
      if (concerned !== undefined) counts.in_vain = (counts.in_vain ?? 0) + (concerned === 0 ? tags : 0);
      failures = 0;
      hasTaken = true;
    },
    failed(error, now) {
      counts.failed++;
      if (failures++ === 0) failingSince = now;
      reason = error instanceof Error ? error.message : String(error);
    },
    expired(tags, now) {
      counts.expired += tags;
      slowUntil = now + calmMs;
    },
    unread(events, now) {
      counts.unread += events;
      unreadUntil = now + unreadMs;
      if (now < silentUntil) return;
      silentUntil = now + sayAgainMs;
      journal.warn(
        { provider, events },
        "more changes than can be looked at were made and not told: at the edge they end by their lifetimes",
      );
    },
    failures: () => failures,
    isInDoubt: () => failures > 0 || !hasTaken,
    heard(now) {
      heardAt = now;
      stallsMs = stalledMs.first;
    },
    isStalled(openedAt, now) {
      if (now - Math.max(heardAt, openedAt) < stallsMs) return false;
      stallsMs = Math.min(2 * stallsMs, stalledMs.most);
      return true;
    },
    look({ pending, oldestAt = Infinity, waitsSince = Infinity }, now) {
      const oldestMs = Math.max(0, now - oldestAt);
      if (now - waitsSince > lateMs) slowUntil = now + calmMs;
      standing = { pending, oldest_seconds: Math.round(oldestMs / 100) / 10 };
      state = stateOf(oldestMs, now);
      if (state === "down" && !isTold && (failures > 0 || now < slowUntil)) {
        isTold = true;
        journal.error(
          { provider, pending, oldestMs, ...(failures > 0 && { reason }) },
          failures > 0
            ? `${provider} takes no purges: answers leave with short lifetimes until it does; see that it can be reached and that its token holds`
            : `${provider} takes purges more slowly than changes come: answers leave with short lifetimes meanwhile; see its plan's limits`,
        );
      }
      if (state !== "down" && isTold) {
        isTold = false;
        journal.info({ provider }, `${provider} takes purges again`);
      }
      return state;
    },
    report: () => ({ provider, state, ...standing, ...counts }),
  };
}
