/**
 * Pieces of work under way at once, up to a limit. The first failure stops the rest: nothing more is begun,
 * and it surfaces at the next `room` or `drain`.
 */
export interface InFlight {
  /** Begins the work. False: it is full, so wait for `room` before the next piece. */
  begin(work: () => Promise<void>): boolean;
  room(): Promise<void>;
  /** Everything that was begun is done. */
  drain(): Promise<void>;
  /** Nothing is under way any more, whatever became of it. Never throws. */
  settle(): Promise<void>;
}

export function createInFlight(max: number): InFlight {
  let count = 0;
  let failure: { readonly error: unknown } | undefined;
  let waiting: { readonly atMost: number; readonly wake: () => void }[] = [];

  function ended(): void {
    count--;
    if (waiting.length === 0) return;
    const woken = waiting.filter(({ atMost }) => count <= atMost);
    waiting = waiting.filter((waiter) => !woken.includes(waiter));
    for (const { wake } of woken) wake();
  }

  async function until(atMost: number): Promise<void> {
    if (count > atMost) await new Promise<void>((wake) => waiting.push({ atMost, wake }));
  }

  async function checked(atMost: number): Promise<void> {
    await until(failure === undefined ? atMost : 0);
    if (failure === undefined) return;
    await until(0);
    throw failure.error;
  }

  return {
    begin(work) {
      if (failure !== undefined) return false;
      count++;
      work().then(ended, (error: unknown) => {
        failure ??= { error };
        ended();
      });
      return count < max;
    },
    room: () => checked(Math.floor(max / 2)),
    drain: () => checked(0),
    settle: () => until(0),
  };
}
