/**
 * Leases as a port: who may act for a key, until when. A holder that does not renew within `ttlMs` has lost
 * it, by the clock of the server that keeps the leases.
 *
 * A lease saves work, it does not guard truth: two holders for a while must do no harm.
 */
export interface Leases {
  readonly ttlMs: number;
  /** Takes a free key. Returns undefined if somebody holds it. */
  claim(key: string, owner: string): Promise<Lease | undefined>;
  /** The lease, good for another `ttlMs`, or undefined if it was lost. What it says of its owner may be new. */
  renew(lease: Lease): Promise<Lease | undefined>;
  release(lease: Lease): Promise<void>;
  /** Every key that somebody holds, with what it says of its owner. Costs a request for each key. */
  owners(): Promise<ReadonlyMap<string, string>>;
}

export interface Lease {
  readonly key: string;
  readonly owner: string;
  readonly revision: number;
}
