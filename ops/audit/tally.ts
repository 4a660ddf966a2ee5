import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import type { CauseCode } from "./diagnose.ts";
import type { Unchecked } from "./judge.ts";

/** What came of all questions, by tier and by how long after the change they were asked. */
export interface Tally {
  /** Of one tier and offset; made at the first call. */
  of(tier: string, offsetMs: number): Counts;
  /** How old late answers were, in milliseconds. */
  agesOf(tier: string): RecordableHistogram;
  cause(tier: string, code: CauseCode): void;
  summary(): readonly TierSummary[];
}

export interface Counts {
  checked: number;
  /** Did not show a change that the log had had for the whole offset, though nothing allows it to wait. */
  late: number;
  /** Older than the tier's bound. */
  beyond: number;
  /** Right but for a quantity that waits within its bound. */
  waiting: number;
  /** Each aspect was right at some position, and they never were so together. */
  mixed: number;
  /** Equal to no state of the product. */
  wrong: number;
  readonly unchecked: Partial<Record<Unchecked, number>>;
}

export interface TierSummary {
  readonly tier: string;
  readonly offsets: readonly OffsetSummary[];
  readonly causes: Readonly<Partial<Record<CauseCode, number>>>;
  /** Of late answers; undefined where there was none. */
  readonly ages: { readonly p50: number; readonly p99: number; readonly max: number } | undefined;
}

export interface OffsetSummary extends Counts {
  readonly offsetMs: number;
  /** The share that was neither late nor wrong, as the number of its nines. */
  readonly nines: string;
}

export function createTally(tiers: readonly string[]): Tally {
  const counts = new Map(tiers.map((tier) => [tier, new Map<number, Counts>()]));
  const ages = new Map(tiers.map((tier) => [tier, createHistogram()]));
  const causes = new Map(tiers.map((tier) => [tier, {} as Partial<Record<CauseCode, number>>]));
  const known = <T>(all: ReadonlyMap<string, T>, tier: string): T => {
    const one = all.get(tier);
    if (one === undefined) throw new RangeError(`there is no tier ${tier}`);
    return one;
  };

  return {
    of(tier, offsetMs) {
      const own = known(counts, tier);
      const one = own.get(offsetMs) ?? {
        checked: 0,
        late: 0,
        beyond: 0,
        waiting: 0,
        mixed: 0,
        wrong: 0,
        unchecked: {},
      };
      own.set(offsetMs, one);
      return one;
    },
    agesOf: (tier) => known(ages, tier),
    cause(tier, code) {
      const own = known(causes, tier);
      own[code] = (own[code] ?? 0) + 1;
    },
    summary: () =>
      tiers.map((tier) => {
        const age = known(ages, tier);
        return {
          tier,
          offsets: [...known(counts, tier)]
            .sort(([a], [b]) => a - b)
            .map(([offsetMs, one]) => ({
              offsetMs,
              nines: ninesOf(one.checked, one.late + one.wrong),
              ...one,
            })),
          causes: known(causes, tier),
          ages:
            age.count === 0 ? undefined : { p50: age.percentile(50), p99: age.percentile(99), max: age.max },
        };
      }),
  };
}

/** `4.9`: of 1,000,123 all but 12 were right. Without a fault, what so many checks can claim: `> 6.0`. */
export function ninesOf(checked: number, faults: number): string {
  if (checked === 0) return "-";
  const nines = -Math.log10(Math.max(faults, 1) / checked);
  // Rounded down: no more is claimed than was seen.
  return `${faults === 0 ? "> " : ""}${(Math.floor(nines * 10 + 1e-9) / 10).toFixed(1)}`;
}

export function countUnchecked(counts: Counts, reason: Unchecked): void {
  counts.unchecked[reason] = (counts.unchecked[reason] ?? 0) + 1;
}
