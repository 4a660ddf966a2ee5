import type { TrialResult } from "./trial.ts";

/** What the figures must be on a machine that has nothing else to do. */
export const bounds = {
  /** From the end of an outage until the hit rate stayed above 95 %. */
  backMs: 30_000,
  /** From a price's publication until every node and thread shows it, for 99 of 100, in the calm. */
  visibleMs: 100,
  /** The same for every price, with the channel cut: the bound of a price, and a second to measure it. */
  cutMs: 6_000,
} as const;

/** The bounds that were missed, in words. */
export function missedBy({ outage, figures }: TrialResult): readonly string[] {
  if (figures === undefined) return [];
  const { hitRate, visibility } = figures;
  const missed: string[] = [];
  if (hitRate.backMs > bounds.backMs) missed.push(`the hit rate was back after ${hitRate.backMs} ms`);
  for (const phase of ["calm", "after"] as const) {
    const { p99 } = visibility.phases[phase];
    if (p99 > bounds.visibleMs) missed.push(`a price took ${p99} ms (p99) in the phase "${phase}"`);
  }
  const { max } = visibility.phases.outage;
  if (outage === "channel-cut" && max > bounds.cutMs)
    missed.push(`a price took ${max} ms with the channel cut`);
  return missed;
}
