import type { Random } from "../demo/random.ts";
import type { Phase } from "./profile.ts";
import { createZipf } from "./zipf.ts";

/** What readers ask for: products by Zipf's law over the catalogue, and the deals beside that. The same for a seed. */
export interface Traffic {
  next(phase: Phase, at: number): Ask;
}

export interface Ask {
  readonly path: string;
  /** `hot`: a deal, whether it was asked for as one or by Zipf's law. `burst`: the cold product that gets a burst. */
  readonly kind: Kind;
  /** Which one of the cold products; -1 for all else. */
  readonly burst: number;
}

export const kinds = ["hot", "other", "burst"] as const;
export type Kind = (typeof kinds)[number];

export interface TrafficSettings {
  /** The most wanted first. */
  readonly products: readonly string[];
  readonly deals: readonly string[];
  /** For the bursts, one after the other. */
  readonly cold: readonly string[];
  readonly exponent: number;
}

export const pathOf = (product: string): string => `/api/products/${encodeURIComponent(product)}`;

const burstMs = 1_000;

export function createTraffic({ products, deals, cold, exponent }: TrafficSettings, random: Random): Traffic {
  const rank = createZipf(products.length, exponent, random.next);
  const areDeals = new Set(deals);
  const hot = deals.map((deal): Ask => ({ path: pathOf(deal), kind: "hot", burst: -1 }));
  const bursts = cold.map((product, burst): Ask => ({ path: pathOf(product), kind: "burst", burst }));
  const all = products.map(
    (product): Ask => ({ path: pathOf(product), kind: areDeals.has(product) ? "hot" : "other", burst: -1 }),
  );
  const popular = (): Ask => {
    const ask = all[rank() - 1];
    if (ask === undefined) throw new RangeError("there are no products");
    return ask;
  };

  return {
    next({ dealShare, burstShare, fromMs }, at) {
      const chance = random.next();
      if (chance < burstShare) return bursts[Math.floor((at - fromMs) / burstMs)] ?? popular();
      return chance < burstShare + dealShare ? random.pick(hot) : popular();
    },
  };
}
