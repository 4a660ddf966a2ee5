import { createAdmission } from "../../../api/admission.ts";
import { limits } from "../../../api/limits.ts";

/**
 * A process in simulated time: one event loop that reads all that has arrived, turn by turn, and a tier behind it of
 * `tier.servers` servers with one queue. Clients ask at random moments whatever happens to those before (an open loop),
 * each on a connection of its own; where all connections are taken, nothing is asked.
 */
export interface ProcessOptions {
  readonly perSecond: (ms: number) => number;
  readonly forMs: number;
  /** What the loop does for a request before it asks the tier, and after. */
  readonly cpuMs: readonly [before: number, after: number];
  readonly tier: { readonly servers: number; readonly ms: (at: number) => number };
  /** The loop does not run in these milliseconds. */
  readonly stalls?: readonly (readonly [from: number, to: number])[];
  readonly connections?: number;
}

export interface Asked {
  readonly at: number;
  readonly outcome: "answered" | "refused" | "lost";
  readonly tookMs: number;
}

/** To read a request, and to refuse one: together between the 15 µs of a refusal at once and the 48 of a later one. */
const readMs = 0.02;
const refuseMs = 0.015;

/** After the last client, so that all are told. */
const settleMs = 5_000;

type Step = () => void;

export function simulate(options: ProcessOptions) {
  const { perSecond, forMs, cpuMs, tier, stalls = [], connections = 6_000 } = options;
  const random = createRandom(1);
  const exponential = (mean: number) => -mean * Math.log(1 - random());
  let now = 0;
  let ending: Step[] = [];
  const admission = createAdmission({ now: () => now, afterTurn: (done) => ending.push(done) });
  const asked: Asked[] = [];
  let taken = 0;

  /** What becomes readable, by time. */
  const coming: { readonly at: number; readonly step: Step }[] = [];
  function at(ms: number, step: Step): void {
    let from = 0;
    let to = coming.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((coming[middle]?.at ?? 0) <= ms) from = middle + 1;
      else to = middle;
    }
    coming.splice(from, 0, { at: ms, step });
  }

  const freeAt: number[] = Array(tier.servers).fill(0);
  function askTier(reply: Step): void {
    let soonest = 0;
    for (let each = 1; each < freeAt.length; each++) {
      if ((freeAt[each] ?? 0) < (freeAt[soonest] ?? 0)) soonest = each;
    }
    const begins = Math.max(now, freeAt[soonest] ?? 0);
    const ends = begins + tier.ms(begins) * (0.5 + random());
    freeAt[soonest] = ends;
    at(ends, reply);
  }

  function arrive(arrivedAt: number): void {
    now += readMs;
    const end = (outcome: Asked["outcome"]) => {
      taken--;
      asked.push({ at: arrivedAt, outcome, tookMs: now - arrivedAt });
    };
    const left = admission.enter({
      waitedMs: now - arrivedAt,
      telling: true,
      start() {
        now += exponential(cpuMs[0]);
        askTier(() => {
          now += exponential(cpuMs[1]);
          end("answered");
          left();
        });
      },
      refuse() {
        now += refuseMs;
        end("refused");
      },
    });
  }

  let nextAt = 0;
  function clientsUntil(ms: number): void {
    while (nextAt <= ms && nextAt < forMs) {
      const arrivedAt = nextAt;
      if (taken === connections) asked.push({ at: arrivedAt, outcome: "lost", tookMs: 0 });
      else {
        taken++;
        at(arrivedAt, () => arrive(arrivedAt));
      }
      nextAt += exponential(1_000 / perSecond(nextAt));
    }
  }

  for (let ms = 0; ms < forMs + settleMs; ms += limits.roomTickMs) at(ms, () => admission.tick());
  for (;;) {
    const next = Math.min(
      coming[0]?.at ?? Number.POSITIVE_INFINITY,
      nextAt < forMs ? nextAt : forMs + settleMs,
    );
    if (coming.length === 0 && nextAt >= forMs) break;
    now = Math.max(now, next);
    for (const [from, to] of stalls) if (now >= from && now < to) now = to;
    clientsUntil(now);
    const due = coming.findIndex((each) => each.at > now);
    for (const { step } of coming.splice(0, due === -1 ? coming.length : due)) step();
    const ended = ending;
    ending = [];
    for (const step of ended) step();
  }
  return { asked, counters: admission.counters };
}

/** Park and Miller's minimal standard generator, 0 up to 1. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
