/** How fast a provider may be called, and how soon again when it failed. Pure: times in milliseconds are passed in. */

export interface TokenBucket {
  /** How long to wait for the next token, in milliseconds; 0 where there is one. */
  waitMs(now: number): number;
  /** Takes one. */
  spend(now: number): void;
}

/** Begins full. */
export function createTokenBucket(limits: {
  readonly callsAtOnce: number;
  readonly callsPerSecond: number;
}): TokenBucket {
  const { callsAtOnce, callsPerSecond } = limits;
  let tokens = callsAtOnce;
  let filledAt: number | undefined;
  function fill(now: number): void {
    const passedMs = Math.max(0, now - (filledAt ?? now));
    tokens = Math.min(callsAtOnce, tokens + (passedMs * callsPerSecond) / 1_000);
    filledAt = now;
  }
  return {
    waitMs(now) {
      fill(now);
      return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * 1_000) / callsPerSecond);
    },
    spend(now) {
      fill(now);
      tokens--;
    },
  };
}

const firstMs = 100;
const mostMs = 5_000;
/** What a provider may ask for; beyond it nothing that is stored is left to purge. */
const askedMostMs = 120_000;

/**
 * The pause behind the `failures`th failure in a row: exponential, between half of it and all of it by chance, and not
 * less than the provider asked for. Source of the shape: "equal jitter" in AWS's Exponential Backoff And Jitter, 2015.
 */
export function backoffMs(failures: number, retryAfterMs: number, random: () => number): number {
  const fullMs = Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 16));
  return Math.max(fullMs / 2 + (random() * fullMs) / 2, Math.min(retryAfterMs, askedMostMs));
}
