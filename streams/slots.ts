/** At most `count` at once; the others wait in the order they came. */
export interface Slots {
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Undefined, and the work is not begun, where it would have to wait. */
  tryRun<T>(work: () => Promise<T>): Promise<T> | undefined;
  /** How many wait. */
  readonly waiting: number;
}

export function createSlots(count: number): Slots {
  let free = count;
  const waiting: (() => void)[] = [];
  async function use<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  }
  return {
    get waiting() {
      return waiting.length;
    },
    async run(work) {
      if (free > 0) free--;
      else await new Promise<void>((enter) => waiting.push(enter));
      return use(work);
    },
    tryRun(work) {
      if (free === 0) return undefined;
      free--;
      return use(work);
    },
  };
}
