import { monitorEventLoopDelay } from "node:perf_hooks";

/** When this thread itself stood still, for as long as it lives, so that nobody else is blamed for it. */
export interface Standstills {
  /** Whether it stood still for more than 50 ms at a time in between. */
  between(from: number, to: number): boolean;
  /** How often it did, and the delay of its event loop. */
  figures(): StandstillFigures;
}

export interface StandstillFigures {
  readonly count: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const longMs = 50;
const tickMs = 10;

export function watchStandstills(): Standstills {
  const stalls: { readonly from: number; readonly to: number }[] = [];
  const delays = monitorEventLoopDelay({ resolution: tickMs });
  delays.enable();
  let last = performance.now();
  setInterval(() => {
    const now = performance.now();
    if (now - last > longMs + tickMs) stalls.push({ from: last, to: now });
    last = now;
  }, tickMs);
  return {
    between: (from, to) => stalls.some((stall) => stall.from < to && stall.to > from),
    figures: () => ({
      count: stalls.length,
      p99Ms: Math.round(delays.percentile(99) / 1e6),
      maxMs: Math.round(delays.max / 1e6),
    }),
  };
}
