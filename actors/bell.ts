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
        // Not `AbortSignal.any`: a signal that lives long keeps every one that was made from it (a kilobyte each).
        const until = new AbortController();
        const end = () => until.abort();
        waiting = until;
        signal.addEventListener("abort", end);
        if (signal.aborted) end();
        await pause(ms, until.signal);
        signal.removeEventListener("abort", end);
        waiting = undefined;
      }
      rung = false;
    },
  };
}
