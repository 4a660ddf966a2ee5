import type { Reply } from "./asking.ts";
import { byPhase, type Phase } from "./phases.ts";

/** How many answers came from memory or Redis at their full worth: by phase, and by second for how low it fell. */
export interface HitRate {
  see(reply: Reply, phase: Phase): void;
  /** Of the last whole second; 0 where nothing was answered in it. */
  now(): number;
  figures(outageFrom: number, outageTo: number): HitRateFigures;
}

export interface HitRateFigures {
  readonly phases: Readonly<Record<Phase, Shares>>;
  /** The worst second from the beginning of the outage on. */
  readonly lowest: number;
  /** From the end of the outage until it stayed above 95 %. */
  readonly backMs: number;
}

/** Shares from 0 to 1. */
export interface Shares {
  readonly memory: number;
  readonly redis: number;
  readonly log: number;
  readonly degraded: number;
  /** No answer, or none that helps anybody. */
  readonly failed: number;
}

export const wantedRate = 0.95;
/** A second with fewer answers than this share of an average one says nothing. */
const tellingShare = 0.2;

type Kind = keyof Shares;

function kindOf({ status, tier, body }: Reply): Kind {
  if (status !== 200 || tier === "default") return "failed";
  if (body?.degraded === true || tier === "stale") return "degraded";
  return tier === "memory" || tier === "redis" ? tier : "log";
}

export function createHitRate(): HitRate {
  const counts = byPhase(
    (): Record<Kind, number> => ({ memory: 0, redis: 0, log: 0, degraded: 0, failed: 0 }),
  );
  const seconds = new Map<number, { hits: number; answers: number }>();
  const secondOf = (at: number) => Math.floor(at / 1_000);

  return {
    see(reply, phase) {
      const kind = kindOf(reply);
      counts[phase][kind]++;
      const at = secondOf(reply.ended);
      let second = seconds.get(at);
      if (second === undefined) seconds.set(at, (second = { hits: 0, answers: 0 }));
      second.answers++;
      if (kind === "memory" || kind === "redis") second.hits++;
    },
    now() {
      const { hits = 0, answers = 1 } = seconds.get(secondOf(performance.now()) - 1) ?? {};
      return hits / answers;
    },
    figures(outageFrom, outageTo) {
      const all = [...seconds].sort(([a], [b]) => a - b);
      const average = all.reduce((sum, [, { answers }]) => sum + answers, 0) / Math.max(1, all.length);
      const telling = all.filter(([, { answers }]) => answers >= average * tellingShare);
      const rates = telling.map(([at, { hits, answers }]) => ({
        endsAt: (at + 1) * 1_000,
        rate: hits / answers,
      }));
      const since = rates.filter(({ endsAt }) => endsAt > outageFrom);
      const lastLow = rates.findLast(({ endsAt, rate }) => endsAt > outageTo && rate < wantedRate);
      return {
        phases: byPhase((phase) => sharesOf(counts[phase])),
        lowest: Math.min(1, ...since.map(({ rate }) => rate)),
        backMs: lastLow === undefined ? 0 : Math.round(lastLow.endsAt - outageTo),
      };
    },
  };
}

function sharesOf(counts: Readonly<Record<Kind, number>>): Shares {
  const { memory, redis, log, degraded, failed } = counts;
  const sum = Math.max(1, memory + redis + log + degraded + failed);
  return {
    memory: memory / sum,
    redis: redis / sum,
    log: log / sum,
    degraded: degraded / sum,
    failed: failed / sum,
  };
}
