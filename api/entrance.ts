import { performance } from "node:perf_hooks";
import type { Admission, Visitor } from "./admission.ts";
import { createArrivals } from "./arrivals.ts";
import { limits } from "./limits.ts";

/** The way into the admission by this process' clocks, for all that asks: whoever waits there is looked at now and then. */
export interface Entrance {
  /** To be called as the request arrives; as `Admission.enter`. */
  enter(visitor: Omit<Visitor, "waitedMs">): () => void;
}

export function createEntrance(admission: Admission): Entrance {
  const waitedMs = createArrivals({
    now: () => performance.now(),
    idleMs: () => performance.nodeTiming.idleTime,
    afterTurn: setImmediate,
  });
  let ticking: NodeJS.Timeout | undefined;

  function tick(): void {
    admission.tick();
    if (admission.counters.waiting > 0) return;
    clearInterval(ticking);
    ticking = undefined;
  }

  return {
    enter({ telling, start, refuse }) {
      const left = admission.enter({ waitedMs: waitedMs(), telling, start, refuse });
      if (admission.counters.waiting > 0) ticking ??= setInterval(tick, limits.roomTickMs).unref();
      return left;
    },
  };
}
