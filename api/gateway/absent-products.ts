import type { Identifier } from "../../streams/identifier.ts";
import type { Floors } from "./floors.ts";
import { createSieve } from "./sieve.ts";

/** Identifiers that name no product, remembered for a moment, so that guesses do not reach the tiers behind. */
export interface AbsentProducts {
  add(id: Identifier): void;
  has(id: Identifier): boolean;
  /** What happened to these makes products of them. */
  remove(ids: readonly Identifier[]): void;
}

const rememberedMs = 5_000;
/** About 10,000 identifiers. */
const bytesMax = 1024 * 1024;
const bytesEach = 100;

export function createAbsentProducts(floors: Floors, now: () => number): AbsentProducts {
  const absent = createSieve<{ readonly until: number; readonly floor: number }>(bytesMax);
  return {
    add(id) {
      absent.set(id, { until: now() + rememberedMs, floor: floors.of(id) }, bytesEach + id.length);
    },
    has(id) {
      const known = absent.get(id);
      return known !== undefined && now() < known.until && floors.of(id) <= known.floor;
    },
    remove(ids) {
      for (const id of ids) absent.delete(id);
    },
  };
}
