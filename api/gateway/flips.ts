import type { GatewayCounters } from "./counters.ts";
import type { Held, HeldAnswers } from "./held-answers.ts";

/**
 * Held answers that change by the clock: what is asked for past such a moment is what was known beforehand to come behind
 * it. No message, no purge and no load: the first reader behind the moment has it rendered, in some 50 µs.
 */
export function withFlips(held: HeldAnswers, counters: GatewayCounters, now: () => number): HeldAnswers {
  function current(key: string, entry: Held | undefined): Held | undefined {
    if (entry?.answer.validUntil === undefined || entry.answer.later === undefined) return entry;
    const moment = now();
    if (moment < entry.answer.validUntil) return entry;
    const { degraded: _, ...standing } = entry;
    const flipped = { ...standing, answer: entry.answer.later(moment) };
    held.put(key, flipped);
    counters.flipped++;
    return flipped;
  }

  return {
    ...held,
    get: (key) => current(key, held.get(key)),
    peek: (key) => current(key, held.peek(key)),
    get bytes() {
      return held.bytes;
    },
    get size() {
      return held.size;
    },
  };
}
