import type { Identifier } from "../../streams/identifier.ts";
import { createSlots } from "../../streams/slots.ts";
import type { Pause } from "../pause.ts";

/** Where hot products' values come from. Whoever wires the owner passes it in: what a page shows is not known here. */
export interface HotValues {
  /**
   * Loads the product with all that its page shows, fills Redis with what that lacks, and gives it as it travels.
   * Undefined where there is no such product. Throws where no tier answers. `due`: the position up to which everything
   * about a product, of those that its page shows, must be included and said to be so: workers take nothing less.
   */
  load(id: Identifier, due: Due): Promise<HotLoaded | undefined>;
}

export type Due = (id: Identifier) => number;

export interface HotLoaded {
  readonly value: string;
  /** The place in the log up to which it is known to be true. */
  readonly sequence: number;
}

/** A product is loaded by one at a time: who asks meanwhile is answered by one more load behind it. */
export interface HotLoads {
  start(id: Identifier): void;
}

export interface HotLoadsOptions {
  readonly values: HotValues;
  readonly due: Due;
  readonly loaded: (id: Identifier, loaded: HotLoaded | undefined) => void;
  readonly failed: (id: Identifier, error: unknown) => void;
  readonly signal: AbortSignal;
  readonly pause: Pause;
}

const atOnceMax = 16;
/** A load that takes longer gives its place to another. */
export const loadMs = 5_000;

export function createHotLoads({ values, due, loaded, failed, signal, pause }: HotLoadsOptions): HotLoads {
  const slots = createSlots(atOnceMax);
  const underWay = new Set<Identifier>();
  const again = new Set<Identifier>();

  async function load(id: Identifier): Promise<void> {
    const over = new AbortController();
    const late = pause(loadMs, over.signal).then(() => {
      throw new Error(`nothing came in ${loadMs} ms`);
    });
    try {
      const value = await Promise.race([values.load(id, due), late]);
      if (!signal.aborted) loaded(id, value);
    } catch (error) {
      if (!signal.aborted) failed(id, error);
    } finally {
      late.catch(() => {});
      over.abort();
    }
  }

  async function run(id: Identifier): Promise<void> {
    underWay.add(id);
    do {
      again.delete(id);
      await slots.run(async () => {
        if (!signal.aborted) await load(id);
      });
    } while (again.has(id) && !signal.aborted);
    underWay.delete(id);
  }

  return {
    start(id) {
      if (underWay.has(id)) again.add(id);
      else void run(id);
    },
  };
}
