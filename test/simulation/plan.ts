import type { Identifier } from "../../streams/identifier.ts";

/**
 * A plan: all that a run is made from, as data. A seed gives a plan; a plan without some of its events, reads
 * and faults is a plan as well, which is what makes a failure small enough to be read.
 *
 * Moments are milliseconds since the run began.
 */
export interface Plan {
  /** Draws the latencies. */
  readonly noise: number;
  readonly latencyMsMax: number;
  readonly projectors: readonly string[];
  /** How partitions get their owners: by leases, or everybody owns everything all the time. */
  readonly ownership: "leased" | "everybody";
  /** The partitions that are projected. Leaving some out only saves time. */
  readonly partitions: readonly number[];
  /** How many messages a tail gives at once, in turn. */
  readonly batches: readonly number[];
  readonly events: readonly PlannedEvent[];
  readonly reads: readonly PlannedRead[];
  readonly faults: readonly Fault[];
  /** When the faults end and everything that is down comes back. */
  readonly healAt: number;
}

export interface PlannedEvent {
  readonly at: number;
  readonly publisher: string;
  /** Its `Nats-Msg-Id`. */
  readonly id: string;
  readonly subject: string;
  readonly payload: string;
}

export interface PlannedRead {
  readonly at: number;
  readonly reader: string;
  readonly product: Identifier;
  readonly how: "product" | "strong";
}

export type ServerName = "redis" | "log" | "leases";

/** What goes wrong with one call over the network. */
export type Effect =
  /** The process ends before the request leaves, after the answer left, or with a part of the commands done. */
  | { readonly what: "die before" | "die after"; readonly downMs: number }
  | { readonly what: "die between"; readonly downMs: number; readonly commands: number }
  | { readonly what: "lose request" | "lose answer"; readonly timeoutMs: number }
  /** Carried out long after its caller gave up on it. */
  | { readonly what: "land late"; readonly timeoutMs: number; readonly afterMs: number }
  | { readonly what: "carry out twice" }
  /** It and all behind it on the same connection wait. */
  | { readonly what: "slow"; readonly ms: number };

export type Fault =
  /** The call number `skip` (from 0) to `server` that `process` makes from the moment on. */
  | {
      readonly kind: "call";
      readonly at: number;
      readonly process: string;
      readonly server: ServerName;
      readonly skip: number;
      readonly effect: Effect;
    }
  | { readonly kind: "kill" | "stop"; readonly at: number; readonly process: string; readonly downMs: number }
  | { readonly kind: "freeze"; readonly at: number; readonly process: string; readonly ms: number }
  /** Evicts each evictable value with this probability. */
  | { readonly kind: "evict"; readonly at: number; readonly share: number }
  | { readonly kind: "empty Redis"; readonly at: number }
  /** Redis comes back as it was so many milliseconds ago. */
  | { readonly kind: "older Redis"; readonly at: number; readonly ageMs: number }
  | { readonly kind: "down"; readonly at: number; readonly server: ServerName; readonly ms: number }
  /** Reads from any replica show the log as it was `byMs` ago. */
  | { readonly kind: "replica behind"; readonly at: number; readonly ms: number; readonly byMs: number }
  | { readonly kind: "silent tail"; readonly at: number; readonly process: string; readonly ms: number }
  | { readonly kind: "leases forgotten"; readonly at: number }
  /** A write of an owner of the log that was here before this one. */
  | {
      readonly kind: "earlier log";
      readonly at: number;
      readonly product: Identifier;
      readonly sequence: number;
    };
