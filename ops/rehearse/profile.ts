/**
 * A flash sale as traffic: by when how many requests a second come, and which share of them is for the deals. Pure; times
 * are milliseconds since the rehearsal began.
 */
export const phaseNames = ["steady", "bursts", "warming", "ramp", "peak", "cooling"] as const;
export type PhaseName = (typeof phaseNames)[number];

export interface Phase {
  /** Of `phaseNames`, or of a load with one phase alone. */
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Requests a second at its begin and at its end; in between on a straight line. */
  readonly perSecond: readonly [from: number, to: number];
  /** The share of requests that is for the deals, beside what Zipf's law gives them. */
  readonly dealShare: number;
  /** The share of requests that is for a product that nobody asked for before, another one each second. */
  readonly burstShare: number;
}

export interface ProfileSettings {
  readonly seconds: Readonly<Record<PhaseName, number>>;
  /** Requests a second. */
  readonly peak: number;
  /** From the sale's start on. */
  readonly dealShare: number;
}

/** The ramp rises a hundredfold. */
const rampFactor = 100;
const dealShareBefore = 0.1;
/** Requests a second of a burst, as a share of the peak: enough to be hot, little enough to be found among the rest. */
const burstOfPeak = 0.1;

/**
 * Steady; bursts on cold products; warming, in which the sale is known; the ramp, at whose end the sale begins; the peak, at
 * whose end it ends; cooling, in which people leave.
 */
export function profileOf({ seconds, peak, dealShare }: ProfileSettings): readonly Phase[] {
  const base = peak / rampFactor;
  const burst = burstOfPeak * peak;
  const shapes: Readonly<Record<PhaseName, Omit<Phase, "name" | "fromMs" | "toMs">>> = {
    steady: { perSecond: [base, base], dealShare: dealShareBefore, burstShare: 0 },
    bursts: {
      perSecond: [base + burst, base + burst],
      dealShare: (dealShareBefore * base) / (base + burst),
      burstShare: burst / (base + burst),
    },
    warming: { perSecond: [base, base], dealShare: dealShareBefore, burstShare: 0 },
    ramp: { perSecond: [base, peak], dealShare: dealShareBefore, burstShare: 0 },
    peak: { perSecond: [peak, peak], dealShare, burstShare: 0 },
    cooling: { perSecond: [peak, base], dealShare, burstShare: 0 },
  };
  let at = 0;
  return phaseNames.map((name) => {
    const fromMs = at;
    at += 1_000 * seconds[name];
    return { name, fromMs, toMs: at, ...shapes[name] };
  });
}

/** The phase of a moment: the first one before it, the last one behind it. */
export function phaseAt(phases: readonly Phase[], at: number): Phase {
  const phase = phases.find(({ toMs }) => at < toMs) ?? phases.at(-1);
  if (phase === undefined) throw new RangeError("a profile has at least one phase");
  return phase;
}

export function rateIn({ fromMs, toMs, perSecond: [from, to] }: Phase, at: number): number {
  return toMs === fromMs ? to : from + ((to - from) * (at - fromMs)) / (toMs - fromMs);
}

/** The most requests a second of all of it. */
export const highestRate = (phases: readonly Phase[]): number =>
  Math.max(...phases.flatMap(({ perSecond }) => perSecond));
