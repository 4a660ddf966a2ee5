import { cachePolicies } from "../../api/cache-policy.ts";
import { defaultBounds } from "../../ops/audit/bounds.ts";
import type { Rig } from "./rig.ts";

/** What is done to an edge while it is audited, and how old its answers may be then. */
export interface Fault {
  readonly name: string;
  /** For the report. */
  readonly story: string;
  /** Milliseconds; absent: the auditor's own. */
  readonly boundEdgeMs?: number;
  begin(rig: Rig): Promise<void>;
  end(rig: Rig): Promise<void>;
}

const { cdn, freshnessMs } = cachePolicies.productAssembled;
/** The lifetime at the edge, the age that an answer may have when it leaves, and a second to measure it. */
const lifetimeMs = (cdn.maxAge + cdn.staleWhileRevalidate) * 1_000 + freshnessMs + 1_000;
const nothing = async () => {};

/** Of a quantity alone, which is not purged at all, whatever happens to purges. */
export const quantityBoundMs = ({ boundEdgeMs = 0 }: Fault): number =>
  Math.max(boundEdgeMs, defaultBounds.edge.quantityMs);

export const faults: readonly Fault[] = [
  { name: "steady", story: "nothing is done to it", begin: nothing, end: nothing },
  {
    name: "purges-lost",
    story: "each connection that purges the edge is reset; the actor hears of it and tries again",
    boundEdgeMs: lifetimeMs,
    begin: async ({ purges }) => purges.set("lost"),
    end: async ({ purges }) => purges.set("open"),
  },
  {
    name: "purges-ignored",
    story: "the edge says that it has purged, and has not",
    boundEdgeMs: lifetimeMs,
    begin: async ({ purges }) => purges.set("ignored"),
    end: async ({ purges }) => purges.set("open"),
  },
  {
    name: "purges-delayed",
    story: "each purge is said to be done, and is done 10 s later",
    boundEdgeMs: 12_000,
    begin: async ({ purges }) => purges.set("delayed"),
    end: async ({ purges }) => purges.set("open"),
  },
  {
    name: "edge-down",
    story: "Varnish ends, and readers go to the nodes, which carry it or refuse with 503 and `Retry-After`",
    begin: (rig) => rig.takeEdgeAway(),
    end: (rig) => rig.bringEdgeBack(),
  },
];
