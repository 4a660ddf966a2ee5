/** What the gateway's cache did, since the process began. */
export interface GatewayCounters {
  hits: number;
  /** Identifiers known to name no product. */
  negativeHits: number;
  misses: number;
  /** Of these, the ones that Redis held ready. */
  ready: number;
  /** Readers who waited for somebody else's load. */
  shared: number;
  /** Entries checked because something may have been missed, or because their time of trust was over. */
  revalidated: number;
  /** Served first and checked behind the request. */
  servedWhileChecking: number;
  /** Of these, the ones whose time of trust was not over yet. */
  refreshedEarly: number;
  /** Turned by the clock, from what was held. */
  flipped: number;
  /** Values of hot products that were pushed and are held. */
  pushed: number;
  /** Pushed, and older than what was heard or shown. */
  pushedInVain: number;
  invalidated: number;
  /** Invalidated, and the bytes were the same when they were made again. */
  invalidatedInVain: number;
  /** Not kept, because a change came while they were loaded. */
  raced: number;
  failed: number;
  /** A check behind the request failed: the entry's trust was lengthened. */
  lengthened: number;
  servedStale: number;
  /** Of these, the ones that did not wait for a slow tier. */
  impatient: number;
  servedDefault: number;
}

export function createGatewayCounters(): GatewayCounters {
  return {
    hits: 0,
    negativeHits: 0,
    misses: 0,
    ready: 0,
    shared: 0,
    revalidated: 0,
    servedWhileChecking: 0,
    refreshedEarly: 0,
    flipped: 0,
    pushed: 0,
    pushedInVain: 0,
    invalidated: 0,
    invalidatedInVain: 0,
    raced: 0,
    failed: 0,
    lengthened: 0,
    servedStale: 0,
    impatient: 0,
    servedDefault: 0,
  };
}
