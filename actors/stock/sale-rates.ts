import { sellsOutMsMax } from "../../projections/inventory.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { Hold } from "../../streams/stock-commit.ts";

/**
 * How fast each product sells: units that were taken, of which those of ten seconds ago count about a third. It begins from
 * nothing, with each keeper anew, and so is too low rather than too high; what is given back is not taken off again.
 * Pure but for the clock.
 */
export interface SaleRates {
  take(holds: readonly Hold[]): void;
  /** In how many milliseconds so many units are gone at this rate; undefined where that is too long for anybody to hurry. */
  sellsOutInMs(product: Identifier, available: number): number | undefined;
}

/** Units within a moment fall to 1/e of themselves in so long. */
const decayMs = 10_000;
/** As old as a quantity may be that is shown. */
const nearMs = 30_000;
/** Of one that is near, so that pages do not change their ways with each unit: well within what readers take for near. */
const nearStillMs = 0.75 * sellsOutMsMax;
/** Products whose sales are remembered, those that sold last. */
const rememberedMax = 50_000;

interface Sales {
  readonly units: number;
  readonly at: number;
  readonly isNear: boolean;
}

export function createSaleRates(clock: () => number): SaleRates {
  const all = new Map<Identifier, Sales>();

  const unitsNow = ({ units, at }: Sales) => units * Math.exp((at - clock()) / decayMs);

  function take(product: Identifier, quantity: number): void {
    const before = all.get(product);
    all.delete(product);
    all.set(product, {
      units: quantity + (before === undefined ? 0 : unitsNow(before)),
      at: clock(),
      isNear: before?.isNear ?? false,
    });
    const [oldest] = all.keys();
    if (all.size > rememberedMax && oldest !== undefined) all.delete(oldest);
  }

  return {
    take(holds) {
      for (const { items } of holds) for (const { product, quantity } of items) take(product, quantity);
    },
    sellsOutInMs(product, available) {
      const sales = all.get(product);
      if (sales === undefined || available === 0) return undefined;
      const leftMs = (available * decayMs) / unitsNow(sales);
      const isNear = leftMs < (sales.isNear ? nearStillMs : nearMs);
      if (isNear !== sales.isNear) all.set(product, { ...sales, isNear });
      return isNear ? leftMs : undefined;
    },
  };
}
