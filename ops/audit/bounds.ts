import { aspects } from "../../projections/aspects.ts";
import { cachePolicies } from "../../api/cache-policy.ts";
import type { Lack, Placed } from "./judge.ts";

/** How old each tier may be, and what an answer's age means. Milliseconds. */
export interface Bounds {
  /** Of what the tier is told of: a read model by the projector, a node by the change words, an edge by purges. */
  readonly toldMs: number;
  /** Of a quantity alone, which purges nothing. */
  readonly quantityMs: number;
}

export type TierKind = "redis" | "node" | "edge";

const toldMs = 1_000;
const { maxAge, staleWhileRevalidate } = cachePolicies.productAssembled.cdn;

export const defaultBounds: Readonly<Record<TierKind, Bounds>> = {
  redis: { toldMs, quantityMs: toldMs },
  node: { toldMs, quantityMs: toldMs },
  // It waits for the end of its lifetime at the edge, which begins with what a node has.
  edge: { toldMs, quantityMs: (maxAge + staleWhileRevalidate) * 1_000 + toldMs },
};

/** What is old in an answer about a change of `offsetMs` ago. */
export interface Aged {
  /** The lack to name: the oldest one that counts. */
  readonly late: (Lack & { readonly ageMs: number }) | undefined;
  /** It is older than the tier's bound allows. */
  readonly beyond: boolean;
  /** Nothing counts, and a quantity waits for its bound. */
  readonly waits: boolean;
}

/** What became old less than `offsetMs` ago, and within its bound, is asked about by questions of its own. */
export function ageOf({ lacks }: Placed, bounds: Bounds, askedAt: number, offsetMs: number): Aged {
  let late: Aged["late"];
  let beyond = false;
  let waits = false;
  for (const lack of lacks) {
    const ageMs = askedAt - lack.since;
    const boundMs = lack.aspect === aspects.quantity ? bounds.quantityMs : bounds.toldMs;
    if (ageMs > boundMs) beyond = true;
    else if (ageMs < offsetMs) continue;
    else if (boundMs > bounds.toldMs) {
      waits = true;
      continue;
    }
    if (late === undefined || ageMs > late.ageMs) late = { ...lack, ageMs };
  }
  return { late, beyond, waits: waits && late === undefined };
}
