/** The course of one trial: calm, the outage until everything is level again, and calm once more. */
export const phases = ["calm", "outage", "after"] as const;
export type Phase = (typeof phases)[number];

export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Milliseconds to a tenth; zeros where there are none. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return Math.round(value * 10) / 10;
  };
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

export function byPhase<Value>(make: (phase: Phase) => Value): Record<Phase, Value> {
  return { calm: make("calm"), outage: make("outage"), after: make("after") };
}
