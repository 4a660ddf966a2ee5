import type { Identifier } from "../../streams/identifier.ts";

/** The hot products that this worker was told of, and whether their changes come to it as values. */
export interface HotProducts {
  set(id: Identifier, hot: Hot): void;
  remove(id: Identifier): void;
  /** Whether a value follows each change of it that is heard. */
  isPushed(id: Identifier): boolean;
  readonly size: number;
}

export interface Hot {
  /** Milliseconds since 1970. Without another word it is as any other from then on. */
  readonly untilMs: number;
  readonly changesArePushed: boolean;
}

/** More than any owner allows; who is told of more forgets who was told of first. */
const hotMax = 20_000;

export function createHotProducts(now: () => number): HotProducts {
  /** In the order in which they were last told of. */
  const all = new Map<Identifier, Hot>();
  return {
    set(id, hot) {
      all.delete(id);
      all.set(id, hot);
      const [oldest] = all.keys();
      if (all.size > hotMax && oldest !== undefined) all.delete(oldest);
    },
    remove(id) {
      all.delete(id);
    },
    isPushed(id) {
      const hot = all.get(id);
      if (hot === undefined) return false;
      if (hot.untilMs > now()) return hot.changesArePushed;
      all.delete(id);
      return false;
    },
    get size() {
      return all.size;
    },
  };
}
