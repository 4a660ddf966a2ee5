/**
 * Simulated time: a queue of moments, run one after the other, with nothing ambient in it. What happens at the
 * same moment happens in the order in which it was asked for, so a run is the same every time.
 *
 * Between two moments every promise that can go on goes on: time stands still while code runs.
 */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs something at a moment; one that is over means now, after what is due already. */
  at(moment: number, run: () => void): void;
  /** Lets time pass until `done` says so, nothing is left to happen, or the moment `until` is reached. */
  run(until: number, done?: () => boolean): Promise<void>;
}

interface Due {
  readonly moment: number;
  /** How many were asked for before this one. */
  readonly order: number;
  readonly run: () => void;
}

export function createClock(start: number): Clock {
  /** A binary heap, the next one first. */
  const queue: Due[] = [];
  let time = start;
  let count = 0;

  const before = (a: Due, b: Due) => a.moment < b.moment || (a.moment === b.moment && a.order < b.order);

  function push(due: Due): void {
    let at = queue.push(due) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = queue[above] as Due;
      if (!before(due, parent)) break;
      queue[at] = parent;
      at = above;
    }
    queue[at] = due;
  }

  function pop(): Due | undefined {
    const first = queue[0];
    const last = queue.pop();
    if (first === undefined || last === undefined || first === last) return first;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= queue.length) break;
      const right = queue[below + 1];
      if (right !== undefined && before(right, queue[below] as Due)) below++;
      const child = queue[below] as Due;
      if (!before(child, last)) break;
      queue[at] = child;
      at = below;
    }
    queue[at] = last;
    return first;
  }

  return {
    now: () => time,

    at(moment, run) {
      push({ moment: Math.max(moment, time), order: count++, run });
    },

    run(until, done = () => false) {
      return new Promise((resolve, reject) => {
        // Ticks run when no promise is left that could go on, which costs a tenth of a turn of the event loop.
        const afterPromises = () => process.nextTick(step);
        function step(): void {
          try {
            const next = queue[0];
            if (next === undefined || next.moment > until || done()) {
              if (next === undefined || next.moment > until) time = Math.max(time, until);
              resolve();
              return;
            }
            pop();
            time = next.moment;
            next.run();
            queueMicrotask(afterPromises);
          } catch (error) {
            reject(error as Error);
          }
        }
        queueMicrotask(afterPromises);
      });
    },
  };
}
