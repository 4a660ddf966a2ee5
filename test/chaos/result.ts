/** What one trial came to. Counts are filled in as they become known; a trial that broke off has zeros. */
export interface TrialResult {
  readonly fault: string;
  readonly seed: number;
  /** How often harm was done. */
  harms: number;
  published: number;
  acked: number;
  refused: number;
  /** Given up without an answer; such an event may be in the log. */
  unknown: number;
  lost: number;
  /** Message ids that the log holds twice. */
  duplicates: number;
  unexpected: number;
  imported: number;
  /** Of `shelfwire verify`. */
  differences: number;
  reads: number;
  /** 5xx or no answer although a tier held the product. */
  failedThoughHeld: number;
  /** 5xx while no tier in reach held what was asked for. */
  unavailable: number;
  /** No answer while the process that answers was dead. */
  unanswered: number;
  slowestMs: number;
  /** From the end of the harm until everything that was in the log then was in the read models. */
  healMs: number;
  seconds: number;
  /** Everything that should not have been, in words; empty for a clean trial. */
  readonly wrong: string[];
  /** Kept when the trial was not clean. */
  readonly dataDir: string;
}

export function emptyResult(fault: string, seed: number, dataDir: string): TrialResult {
  return {
    fault,
    seed,
    harms: 0,
    published: 0,
    acked: 0,
    refused: 0,
    unknown: 0,
    lost: 0,
    duplicates: 0,
    unexpected: 0,
    imported: 0,
    differences: 0,
    reads: 0,
    failedThoughHeld: 0,
    unavailable: 0,
    unanswered: 0,
    slowestMs: 0,
    healMs: 0,
    seconds: 0,
    wrong: [],
    dataDir,
  };
}
