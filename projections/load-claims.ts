import type { Identifier } from "../streams/identifier.ts";

/**
 * Who loads a product from the log, one in the whole cluster at a time, and what it found. A claim spares the log, it
 * protects nothing: two may load at once and do no harm.
 */
export interface LoadClaims {
  /**
   * `ours`: nobody else is at it; the claim lasts a second. `theirs`: somebody is. Else what was told a moment ago.
   * Also `ours` where it cannot be known.
   */
  claim(id: Identifier): Promise<"ours" | "theirs" | { readonly told: string }>;
  /** What the load found, for all who ask within a moment. Never throws. */
  tell(id: Identifier, text: string): Promise<void>;
  /** The load failed. Never throws. */
  release(id: Identifier): Promise<void>;
}

/** For a process that is alone. */
export const unclaimed: LoadClaims = {
  claim: async () => "ours",
  tell: async () => {},
  release: async () => {},
};
