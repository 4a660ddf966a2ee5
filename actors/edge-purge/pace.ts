/** How fast a provider may be called, and how soon again when it failed. Pure: times in milliseconds are passed in. */

export interface TokenBucket {
  /** How long to wait for the next token, in milliseconds; 0 where there is one. */
  waitMs(now: number): number;
  /** Takes one. */
  spend(now: number): void;
}

/**
 * Begins full. Source: the generic cell rate algorithm (ITU-T I.371): the bucket is the moment at which it will be full
 * again.
 */
export function createTokenBucket(limits: {
  readonly callsAtOnce: number;
  readonly callsPerSecond: number;
}): TokenBucket {
  const msPerCall = 1_000 / limits.callsPerSecond;
  const slackMs = (limits.callsAtOnce - 1) * msPerCall;
  let fullAt = Number.NEGATIVE_INFINITY;
  return {
    waitMs: (now) => Math.max(0, Math.ceil(fullAt - slackMs - now - roundingMs)),
    spend(now) {
      fullAt = Math.max(fullAt, now) + msPerCall;
    },
  };
}

/** What sums of fractions may be off by. */
const roundingMs = 1e-6;

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
