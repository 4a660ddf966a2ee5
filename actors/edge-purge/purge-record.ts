import type { Journal } from "../../streams/journal.ts";
import type { PurgeReport, PurgeState } from "./purge-report.ts";

/**
 * How purging a provider fares, through all lives of its actor in this process: counts, and whether the provider is
 * up. A person is told once when it goes down and once when it is back.
 */
export interface PurgeRecord {
  purged(tags: number, concerned: number | undefined): void;
  failed(error: unknown): void;
  expired(tags: number): void;
  unread(events: number): void;
  /** Failures in a row. */
  failures(): number;
  /** Looks at what waits, and says how it stands. */
  look(pending: number, oldestMs: number): PurgeState;
  report(): Omit<PurgeReport, "host" | "pid" | "restarts">;
}

/** A change that has waited for longer is late, for whichever reason. */
export const lateMs = 5_000;

export function createPurgeRecord(provider: string, journal: Journal): PurgeRecord {
  const counts = { purged: 0, in_vain: null as number | null, expired: 0, failed: 0, unread: 0 };
  let failures = 0;
  let lastError: unknown;
  let state: PurgeState = "up";
  let standing = { pending: 0, oldest_seconds: 0 };

  function stateOf(oldestMs: number): PurgeState {
    if (oldestMs > lateMs || (state === "down" && failures > 0)) return "down";
    return failures > 0 ? "retrying" : "up";
  }

  return {
    purged(tags, concerned) {
      counts.purged += tags;
      if (concerned !== undefined) counts.in_vain = (counts.in_vain ?? 0) + (concerned === 0 ? tags : 0);
      failures = 0;
    },
    failed(error) {
      counts.failed++;
      failures++;
      lastError = error;
    },
    expired(tags) {
      counts.expired += tags;
    },
    unread(events) {
      counts.unread += events;
      journal.warn(
        { provider, events },
        "more changes than can be looked at were made and not told: at the edge they end by their lifetimes",
      );
    },
    failures: () => failures,
    look(pending, oldestMs) {
      standing = { pending, oldest_seconds: Math.round(oldestMs / 100) / 10 };
      const before = state;
      state = stateOf(oldestMs);
      if (state === "down" && before !== "down") {
        journal.error(
          { provider, pending, oldestMs, err: failures > 0 ? lastError : undefined },
          failures > 0
            ? `${provider} takes no purges: answers leave with short lifetimes until it does; see that it can be reached and that its token holds`
            : `${provider} takes purges more slowly than changes come: answers leave with short lifetimes meanwhile; see its plan's limits`,
        );
      }
      if (state !== "down" && before === "down") journal.info({ provider }, `${provider} takes purges again`);
      return state;
    },
    report: () => ({ provider, state, ...standing, ...counts }),
  };
}
