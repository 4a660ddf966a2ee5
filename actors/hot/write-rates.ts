import type { Identifier } from "../../streams/identifier.ts";

/** How often hot products change: an average that forgets half of what was within three seconds. */
export interface WriteRates {
  count(id: Identifier): void;
  /** Takes in the second that ended. Changes a second, to a tenth. */
  endSecond(id: Identifier): number;
  forget(id: Identifier): void;
}

/** What the last second counts. */
const weight = 0.2;

export function createWriteRates(): WriteRates {
  const rates = new Map<Identifier, { counted: number; perSecond: number }>();
  return {
    count(id) {
      const rate = rates.get(id);
      if (rate === undefined) rates.set(id, { counted: 1, perSecond: 0 });
      else rate.counted++;
    },
    endSecond(id) {
      const rate = rates.get(id);
      if (rate === undefined) return 0;
      rate.perSecond += weight * (rate.counted - rate.perSecond);
      rate.counted = 0;
      const rounded = Math.round(10 * rate.perSecond) / 10;
      if (rounded === 0) rates.delete(id);
      return rounded;
    },
    forget: (id) => void rates.delete(id),
  };
}
