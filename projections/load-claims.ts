import type { Identifier } from "../streams/identifier.ts";

/**
 * Who loads what the store has lost, one in the whole cluster at a time. A claim spares the log, it protects
 * nothing: two may load at once and do no harm.
 */
export interface LoadClaims {
  /** Whether nobody else is at it; the claim lasts a second. Also true where that cannot be known. */
  claim(id: Identifier): Promise<boolean>;
  /** The load is over. Never throws. */
  release(id: Identifier): Promise<void>;
}

/** For a process that is alone. */
export const unclaimed: LoadClaims = { claim: async () => true, release: async () => {} };
