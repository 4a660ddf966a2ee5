/**
 * How long a request had waited when the process first saw it. In an overloaded process requests queue where nothing
 * of ours runs: in the kernel, until the event loop comes round to reading their sockets. A turn of the loop reads all
 * sockets that have something, so what it finds came since the turn before began, unless the loop had time to wait
 * for it; taken together, it had waited for half of that turn, and then for those that were read before it.
 */
export interface ArrivalsOptions {
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** For how many milliseconds in all the loop has had nothing to do. */
  readonly idleMs: () => number;
  /** Calls back once everything that this turn has read is handled. */
  readonly afterTurn: (done: () => void) => void;
}

/** Less than this between two turns is no rest. */
const restMs = 1;

/** To be called once for each request, as it arrives; milliseconds. */
export function createArrivals({ now, idleMs, afterTurn }: ArrivalsOptions): () => number {
  let inTurn = false;
  let beganAt = now();
  let idleThen = Number.NEGATIVE_INFINITY;
  let queuedMs = 0;
  const ended = () => {
    inTurn = false;
  };

  return () => {
    const at = now();
    if (!inTurn) {
      inTurn = true;
      afterTurn(ended);
      const idle = idleMs();
      queuedMs = idle - idleThen < restMs ? (at - beganAt) / 2 : 0;
      beganAt = at;
      idleThen = idle;
    }
    return queuedMs + at - beganAt;
  };
}
