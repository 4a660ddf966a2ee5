/**
 * Times in memory that does not grow, after HdrHistogram (Tene): each power of two of microseconds is cut into 128 equal
 * buckets, so that a quantile is off by less than one part in 128, and not at all below 256 µs. 13 kB. What takes longer
 * than 17 minutes counts as that.
 */
export interface Histogram {
  record(ms: number): void;
  /** Milliseconds: as long as, or less long than, what came after that share of all, 0 to 1; NaN of none. */
  quantile(share: number): number;
  readonly count: number;
  /** The longest, in milliseconds, as it was; 0 of none. */
  readonly max: number;
  /** What it holds, to be told to another thread; `histogramOf` reads it. */
  held(): HeldTimes;
}

export interface HeldTimes {
  readonly counts: Uint32Array;
  readonly max: number;
}

const cutBits = 7;
const cuts = 2 ** cutBits;
const microsMax = 2 ** 30 - 1;
const buckets = bucketOf(microsMax) + 1;

export function createHistogram(): Histogram {
  return histogramOf({ counts: new Uint32Array(buckets), max: 0 });
}

/** Goes on with what is held, in place. */
export function histogramOf({ counts, max: maxBefore }: HeldTimes): Histogram {
  let count = counts.reduce((sum, each) => sum + each, 0);
  let max = maxBefore;
  return {
    record(ms) {
      const micros = Math.min(microsMax, Math.max(0, Math.round(ms * 1_000)));
      const bucket = bucketOf(micros);
      counts[bucket] = (counts[bucket] ?? 0) + 1;
      count++;
      if (ms > max) max = ms;
    },
    quantile(share) {
      const wanted = Math.max(1, Math.ceil(share * count));
      let seen = 0;
      for (let bucket = 0; bucket < buckets; bucket++) {
        seen += counts[bucket] ?? 0;
        if (seen >= wanted) return Math.min(max, highestOf(bucket) / 1_000);
      }
      return Number.NaN;
    },
    get count() {
      return count;
    },
    get max() {
      return max;
    },
    held: () => ({ counts, max }),
  };
}

function bucketOf(micros: number): number {
  if (micros < 2 * cuts) return micros;
  const shift = 31 - Math.clz32(micros) - cutBits;
  return shift * cuts + (micros >>> shift);
}

/** The highest value that falls into the bucket. */
function highestOf(bucket: number): number {
  if (bucket < 2 * cuts) return bucket;
  const shift = Math.floor(bucket / cuts) - 1;
  return (bucket - shift * cuts + 1) * 2 ** shift - 1;
}
