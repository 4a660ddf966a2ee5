import type { Journal } from "../../streams/journal.ts";
import type { PurgeReport, PurgeState } from "./purge-report.ts";

/**
 * How purging a provider fares, through all lives of its actor in this process: counts, and whether the provider is
 * up. A person is told once when it goes down and once when it is back; that calls are too slow, only where it lasts,
 * since who takes over has what waited to do first.
 */
export interface PurgeRecord {
  purged(tags: number, concerned: number | undefined): void;
  failed(error: unknown, now: number): void;
  expired(tags: number): void;
  unread(events: number, now: number): void;
  /** Failures in a row. */
  failures(): number;
  /** Whether it is not known that the provider takes purges: none was made yet, or the last one failed. */
  isInDoubt(): boolean;
  /** Looks at what waits, and says how it stands. `oldestAt`: since when the oldest waits. */
  look(pending: number, oldestAt: number | undefined, now: number): PurgeState;
  report(): Omit<PurgeReport, "host" | "pid" | "restarts">;
}

/** A change that has waited for longer is late, for whichever reason, and a provider that has failed for longer is down. */
const lateMs = 5_000;
const sayAgainMs = 60_000;

export function createPurgeRecord(provider: string, journal: Journal): PurgeRecord {
  const counts = { purged: 0, in_vain: null as number | null, expired: 0, failed: 0, unread: 0 };
  let failures = 0;
  let failingSince = 0;
  let reason = "";
  let hasTaken = false;
  let state: PurgeState = "up";
  let standing = { pending: 0, oldest_seconds: 0 };
  let downSince: number | undefined;
  let isTold = false;
  let silentUntil = Number.NEGATIVE_INFINITY;

  function stateOf(oldestMs: number, now: number): PurgeState {
    if (oldestMs > lateMs) return "down";
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
    expired(tags) {
      counts.expired += tags;
    },
    unread(events, now) {
      counts.unread += events;
      if (now < silentUntil) return;
      silentUntil = now + sayAgainMs;
      journal.warn(
        { provider, events },
        "more changes than can be looked at were made and not told: at the edge they end by their lifetimes",
      );
    },
    failures: () => failures,
    isInDoubt: () => failures > 0 || !hasTaken,
    look(pending, oldestAt, now) {
      const oldestMs = oldestAt === undefined ? 0 : Math.max(0, now - oldestAt);
      standing = { pending, oldest_seconds: Math.round(oldestMs / 100) / 10 };
      state = stateOf(oldestMs, now);
      downSince = state === "down" ? (downSince ?? now) : undefined;
      if (downSince !== undefined && !isTold && (failures > 0 || now - downSince > lateMs)) {
        isTold = true;
        journal.error(
          { provider, pending, oldestMs, ...(failures > 0 && { reason }) },
          failures > 0
            ? `${provider} takes no purges: answers leave with short lifetimes until it does; see that it can be reached and that its token holds`
            : `${provider} takes purges more slowly than changes come: answers leave with short lifetimes meanwhile; see its plan's limits`,
        );
      }
      if (downSince === undefined && isTold) {
        isTold = false;
        journal.info({ provider }, `${provider} takes purges again`);
      }
      return state;
    },
    report: () => ({ provider, state, ...standing, ...counts }),
  };
}
