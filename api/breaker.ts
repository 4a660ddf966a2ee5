/**
 * A circuit breaker: who asks a server that does not answer is told so at once, and the server is left alone.
 *
 * Closed, all calls go through. After `failuresMax` failures in a row, begun at different times, it is open: calls
 * fail without being made, but for a single probe when something shows that the server may be back (`nudge`), or after a
 * pause that doubles from a second up to 30. After a probe that succeeds a growing share of the calls goes through, so
 * that a cold server is not met by all of them at once; one failure opens it again.
 *
 * A call without an answer for `patienceMs` counts as a failure while it goes on, and may yet succeed: how soon a server
 * is given up is one thing, how long a reader who has no other waits for it another. Where this process itself stood
 * still, nothing is counted.
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
  /** How long a call may be without an answer before it counts as a failure, in milliseconds. */
  readonly patienceMs: number;
  /** How long the return takes; 0 where something else bounds how many calls are under way. */
  readonly returnMs: number;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

const failuresMax = 3;
/** Failures of calls that began closer together are one. */
const apartMs = 100;
const lateMs = 100;
/** How often calls under way are looked at. */
const lookMs = 50;
const firstPauseMs = 1_000;
const pauseMsMax = 30_000;
/** The share of calls that goes through right after the probe. */
const firstShare = 1 / 8;

export function createBreaker(options: BreakerOptions): Breaker {
  const { name, isFailure, onState, patienceMs, returnMs, now } = options;
  let state: BreakerState = "closed";
  let failures = 0;
  let failedFrom = Number.NEGATIVE_INFINITY;
  let pauseMs = firstPauseMs;
  let probeAt = 0;
  let probing = false;
  let returnedAt = Number.NEGATIVE_INFINITY;
  /** Shares of calls add up to whole ones that may go through. */
  let credit = 0;
  /** Calls under way from `oldest` on, by age; those that are done are still among them. */
  let underWay: UnderWay[] = [];
  let oldest = 0;
  let looking: NodeJS.Timeout | undefined;
  let lookedAt = 0;

  function look(): void {
    const at = now();
    const stoodStill = at - lookedAt > 2 * lookMs;
    lookedAt = at;
    for (let index = oldest; index < underWay.length; index++) {
      const one = underWay[index] as UnderWay;
      if (one.done) continue;
      if (at - one.begunAt < patienceMs) break;
      if (stoodStill) one.begunAt = at;
      else if (!one.counted) count(one);
    }
    if (oldest < underWay.length) return;
    clearInterval(looking);
    looking = undefined;
  }

  function ended(one: UnderWay): void {
    one.done = true;
    while (underWay[oldest]?.done === true) oldest++;
    if (2 * oldest <= underWay.length) return;
    underWay = underWay.slice(oldest);
    oldest = 0;
  }

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

  /** Counts a call as a failure, once. */
  function count(one: UnderWay): void {
    one.counted = true;
    if (one.isProbe) open();
    else if (state !== "open") failed(one.begunAt);
  }

  function failed(begunAt: number): void {
    // One from before the probe says nothing about now.
    if (begunAt < returnedAt) return;
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
      const one: UnderWay = { begunAt: now(), isProbe: state === "open", counted: false, done: false };
      if (one.isProbe) probing = true;
      if (oldest === underWay.length) lookedAt = one.begunAt;
      underWay.push(one);
      looking ??= setInterval(look, lookMs).unref();
      try {
        const value = await call();
        // One from before that ends well is a sign of life, no more.
        if (one.isProbe || state !== "open") succeeded();
        else probeAt = 0;
        return value;
      } catch (error) {
        if (isFailure(error)) {
          // Not even counted by now: this process stood still, and its time limits with it.
          if (!one.counted && now() - one.begunAt <= patienceMs + lateMs) count(one);
        } else if (one.isProbe) succeeded();
        throw error;
      } finally {
        ended(one);
        if (one.isProbe) probing = false;
      }
    },
  };
}

interface UnderWay {
  begunAt: number;
  readonly isProbe: boolean;
  counted: boolean;
  done: boolean;
}
