import { createHistogram, type HeldTimes } from "./histogram.ts";
import type { Told } from "./open-load.ts";
import { type Ask, type Kind, kinds } from "./traffic.ts";

/** What came of the requests of one phase, in memory that does not grow. Plain data, to be told to another thread. */
export interface PhaseCounts {
  /** Requests that were due in it. */
  readonly requests: number;
  /** Answered with 200, but not with the product by default. */
  readonly answered: number;
  /** Of all else: by status, 0 for no answer; `default` for the product by default. */
  readonly errors: Readonly<Record<string, number>>;
  /** Of the errors, those for which no connection was free. */
  readonly unsent: number;
  /** Sent again, because the node closed the connection under it. */
  readonly retried: number;
  /** Answers by who gave them. */
  readonly tiers: Readonly<Record<Kind, Readonly<Record<string, number>>>>;
  /** Of all requests that were sent, from when they were due. */
  readonly times: HeldTimes;
  /** How late they were sent: the load's own part of these. */
  readonly lateness: HeldTimes;
  /** How much of its core the load was busy, 0 to 1. */
  readonly busy: number;
}

export interface PhaseCounting {
  see(told: Told<Ask>): void;
  counts(busy: number): PhaseCounts;
}

export function countPhase(): PhaseCounting {
  const times = createHistogram();
  const lateness = createHistogram();
  const errors: Record<string, number> = {};
  const tiers = Object.fromEntries(kinds.map((kind) => [kind, {}])) as Record<Kind, Record<string, number>>;
  const seen = { requests: 0, answered: 0, unsent: 0, retried: 0 };
  return {
    see({ ask, tookMs, lateMs, status, tier, sent, retried }) {
      seen.requests++;
      if (retried) seen.retried++;
      if (sent) {
        times.record(tookMs);
        lateness.record(lateMs);
      } else seen.unsent++;
      if (status === 200) {
        const own = tiers[ask.kind];
        own[tier] = (own[tier] ?? 0) + 1;
      }
      if (status === 200 && tier !== "default") seen.answered++;
      else {
        const name = status === 200 ? tier : String(status);
        errors[name] = (errors[name] ?? 0) + 1;
      }
    },
    counts: (busy) => ({ ...seen, errors, tiers, times: times.held(), lateness: lateness.held(), busy }),
  };
}

export const errorsIn = ({ requests, answered }: Pick<PhaseCounts, "requests" | "answered">): number =>
  requests - answered;
