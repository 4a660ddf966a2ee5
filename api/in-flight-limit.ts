import { limits } from "./limits.ts";

/**
 * How many requests may be under way at once. It falls in proportion (a gradient, as in Netflix's concurrency-limits)
 * for one of two reasons:
 *
 * - Requests are old when they are first seen: the event loop is behind, and the queue is in the kernel. The loop reads
 *   all sockets in a turn and accepts one new connection, so a turn must not take long whatever it costs.
 * - Three of four answers take longer than `answerTargetMs`, and others wait for a place: a tier is behind. The time is
 *   held against a target and not against the least that was ever seen, since answers differ by a factor of a
 *   hundred. Without a queue slow answers are no reason; they wait for something else.
 *
 * It rises by steps while answers are fast, and waits for the answers to each change of its own before the next one.
 * Where nothing at all is answered although the loop has time, what is under way is stuck in a tier that does not
 * answer. Its breaker will send the others elsewhere, so they are let past.
 */
export interface InFlightLimit {
  readonly value: number;
  /** A request came, after so long in the kernel. */
  arrived(waitedMs: number): void;
  /** A request had to wait for a place. */
  reached(): void;
  /** `tookMs`: from its arrival in the kernel, without the wait for a place; undefined where the answer waited for something else by intent. */
  answered(begunAt: number, tookMs: number | undefined): void;
  /** To be called often; looks at what was seen once every `limits.admissionWindowMs`. */
  adjust(inFlight: number, waiting: number): void;
}

/** Of a saturated server all answers are slow. Where a part is fast, the others wait for something else. */
const slowShare = 3 / 4;
const leastGradient = 1 / 2;
const step = 1.5;

export function createInFlightLimit(now: () => number): InFlightLimit {
  let value: number = limits.inFlight;
  /** Answers to what was begun earlier tell of the value before. */
  let changedAt = 0;
  let seen = nothingSeen(now());

  function change(to: number, at: number): void {
    if (to === value) return;
    value = to;
    changedAt = at;
  }

  function lower(gradient: number, at: number): void {
    const lowered = Math.floor(value * Math.max(gradient, leastGradient));
    change(Math.max(limits.inFlightMin, lowered), at);
  }

  function raise(inFlight: number, at: number): void {
    const max = seen.reached ? limits.inFlightMax : limits.inFlight;
    if (value < max) change(Math.min(Math.ceil(value * step), max), at);
    // Not while what was stuck still holds the places.
    else if (2 * inFlight < limits.inFlight) change(max, at);
  }

  return {
    get value() {
      return value;
    },
    arrived(waitedMs) {
      seen.arrivals++;
      seen.waitedMs += waitedMs;
    },
    reached() {
      seen.reached = true;
    },
    answered(begunAt, tookMs) {
      seen.answers++;
      if (tookMs === undefined) seen.intended++;
      if (tookMs === undefined || begunAt < changedAt) return;
      seen.told++;
      seen.tookMs += tookMs;
      if (tookMs > limits.answerTargetMs) seen.slow++;
    },
    adjust(inFlight, waiting) {
      const at = now();
      if (at - seen.from < limits.admissionWindowMs) return;
      const { arrivals, waitedMs, answers, intended, told, tookMs, reached } = seen;
      const isLate = waitedMs > arrivals * limits.arrivalLateMs;
      const isSlow = seen.slow > slowShare * told;
      if (isLate) lower((arrivals * limits.arrivalLateMs) / waitedMs, at);
      else if (isSlow && reached) lower((told * limits.answerTargetMs) / tookMs, at);
      // Where nothing is answered, or only what waited by intent, the places are wanted by others.
      else if (answers === intended || (told > 0 && !isSlow)) raise(inFlight, at);
      seen = nothingSeen(at);
      seen.reached = waiting > 0;
    },
  };
}

/** What was seen since `from`. */
interface Seen {
  readonly from: number;
  arrivals: number;
  waitedMs: number;
  answers: number;
  /** Answers that waited for something else by intent. */
  intended: number;
  /** Answers that tell what one takes. */
  told: number;
  tookMs: number;
  slow: number;
  reached: boolean;
}

const nothingSeen = (from: number): Seen => ({
  from,
  arrivals: 0,
  waitedMs: 0,
  answers: 0,
  intended: 0,
  told: 0,
  tookMs: 0,
  slow: 0,
  reached: false,
});
