import type { Identifier } from "../../streams/identifier.ts";
import type { Floors } from "./floors.ts";
import { createSieve } from "./sieve.ts";

/** Identifiers that name no product, remembered for a moment, so that guesses do not reach the tiers behind. */
export interface AbsentProducts {
  /** `moment`: in what was heard; the look began then. `floor`: what had been shown of it by then. */
  add(id: Identifier, moment: number, floor: number): void;
  has(id: Identifier): boolean;
  /** What happened to these makes products of them. */
  remove(ids: Iterable<Identifier>): void;
}

const rememberedMs = 5_000;
/** About 10,000 identifiers. */
const bytesMax = 1024 * 1024;
const bytesEach = 100;

interface Absent {
  readonly until: number;
  readonly floor: number;
  readonly moment: number;
}

/** `isDoubtful`: whether word of the product may have been missed since a moment. */
export function createAbsentProducts(
  floors: Floors,
  isDoubtful: (moment: number, id: Identifier) => boolean,
  now: () => number,
): AbsentProducts {
  const absent = createSieve<Absent>(bytesMax);
  return {
    add(id, moment, floor) {
      absent.set(id, { until: now() + rememberedMs, floor, moment }, bytesEach + id.length);
    },
    has(id) {
      if (absent.size === 0) return false;
      const known = absent.get(id);
      if (known === undefined || now() >= known.until || floors.of(id) > known.floor) return false;
      return !isDoubtful(known.moment, id);
    },
    remove(ids) {
      for (const id of ids) absent.delete(id);
    },
  };
}
