/** Reads of single products by who answered them, since the process began. */
export interface ReadCounters {
  redis: number;
  /** Read from the log: all of it, or what Redis had lost. */
  logWhole: number;
  logParts: number;
  /** Took part in a load that was under way in this process, or waited for one of another process. */
  shared: number;
  sharedInCluster: number;
  /** The log did not answer: what Redis or a replica holds. */
  stale: number;
}

export const createReadCounters = (): ReadCounters => ({
  redis: 0,
  logWhole: 0,
  logParts: 0,
  shared: 0,
  sharedInCluster: 0,
  stale: 0,
});
