/**
 * A circuit breaker: who asks a server that does not answer is told so at once, and the server is left alone.
 *
 * Closed, all calls go through. After `failuresMax` failures in a row, begun at different times, it is open: calls
 * fail without being made, but for a single probe when something shows that the server may be back (`nudge`), or after a
 * pause that doubles from a second up to 30. After a probe that succeeds a growing share of the calls goes through, so
 * that a cold server is not met by all of them at once; one failure opens it again. A failure that came much later than
 * it should have is this process's own delay, and says nothing.
 */
export interface Breaker {
  /** Makes the call, or throws `BreakerOpen` at once. What the call throws is thrown on. */
  run<T>(call: () => Promise<T>): Promise<T>;
  /** Something came from the server: the next call is the probe. */
  nudge(): void;
  readonly state: BreakerState;
}

export type BreakerState = "closed" | "open" | "returning";

export class BreakerOpen extends Error {
  override readonly name = "BreakerOpen";
}

export interface BreakerOptions {
  readonly name: string;
  /** Whether an error says that the server did not answer. */
  readonly isFailure: (error: unknown) => boolean;
  readonly onState: (state: BreakerState) => void;
  /** How long a call may take before it fails, in milliseconds. */
  readonly timeLimitMs: number;
  /** How long the return takes; 0 where something else bounds how many calls are under way. */
  readonly returnMs: number;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

const failuresMax = 3;
/** Failures of calls that began closer together are one. */
const apartMs = 100;
const lateMs = 100;
const firstPauseMs = 1_000;
const pauseMsMax = 30_000;
/** The share of calls that goes through right after the probe. */
const firstShare = 1 / 8;

export function createBreaker(options: BreakerOptions): Breaker {
  const { name, isFailure, onState, timeLimitMs, returnMs, now } = options;
  let state: BreakerState = "closed";
  let failures = 0;
  let failedFrom = Number.NEGATIVE_INFINITY;
  let pauseMs = firstPauseMs;
  let probeAt = 0;
  let probing = false;
  let returnedAt = Number.NEGATIVE_INFINITY;
  /** Shares of calls add up to whole ones that may go through. */
  let credit = 0;

  function become(next: BreakerState): void {
    if (state === next) return;
    state = next;
    onState(next);
  }

  function open(): void {
    probeAt = now() + pauseMs;
    pauseMs = Math.min(2 * pauseMs, pauseMsMax);
    become("open");
  }

  function failed(begunAt: number): void {
    // One from before the probe says nothing about now, nor does one that came late by our own fault.
    if (begunAt < returnedAt || now() - begunAt > timeLimitMs + lateMs) return;
    if (state === "closed" && begunAt - failedFrom < apartMs) return;
    failedFrom = begunAt;
    failures++;
    if (state === "returning" || failures >= failuresMax) open();
  }

  function succeeded(): void {
    failures = 0;
    failedFrom = Number.NEGATIVE_INFINITY;
    if (state === "open") {
      returnedAt = now();
      credit = 0;
      become("returning");
    }
  }

  /** Whether a call may be made now. */
  function admits(): boolean {
    if (state === "open") return !probing && now() >= probeAt;
    if (state === "closed") return true;
    const share = returnMs === 0 ? 1 : firstShare + (now() - returnedAt) / returnMs;
    if (share >= 1) {
      pauseMs = firstPauseMs;
      become("closed");
      return true;
    }
    credit += share;
    if (credit < 1) return false;
    credit -= 1;
    return true;
  }

  return {
    get state() {
      return state;
    },
    nudge() {
      probeAt = 0;
    },
    async run(call) {
      if (!admits()) throw new BreakerOpen(`${name} does not answer: it is not asked for a while`);
      const isProbe = state === "open";
      if (isProbe) probing = true;
      const begunAt = now();
      try {
        const value = await call();
        // A call from before that ends late says nothing about now.
        if (isProbe || state !== "open") succeeded();
        return value;
      } catch (error) {
        if (!isFailure(error)) {
          if (isProbe) succeeded();
        } else if (isProbe) open();
        else if (state !== "open") failed(begunAt);
        throw error;
      } finally {
        if (isProbe) probing = false;
      }
    },
  };
}
