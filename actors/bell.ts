import type { Pause } from "./pause.ts";

/** Wakes one who waits: rung while nobody does, it wakes the next at once. */
export interface Bell {
  ring(): void;
  /** Until it rings, that many milliseconds pass, or the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export function createBell(pause: Pause): Bell {
  let rung = false;
  let waiting: AbortController | undefined;
  return {
    ring() {
      rung = true;
      waiting?.abort();
    },
    async wait(ms, signal) {
      if (!rung) {
        waiting = new AbortController();
        await pause(ms, AbortSignal.any([signal, waiting.signal]));
        waiting = undefined;
      }
      rung = false;
    },
  };
}
