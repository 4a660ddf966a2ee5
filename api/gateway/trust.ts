import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { partitionOf } from "../../streams/partition.ts";
import type { CachePolicy } from "../cache-policy.ts";
import type { Floors } from "./floors.ts";
import type { HeardChanges } from "./heard-changes.ts";
import type { Held } from "./held-answers.ts";

/**
 * How far an entry may be trusted at this moment, from what was heard, from what this node has shown, and from the
 * clock.
 */
export interface Trust {
  standing(entry: Held, policy: HeldPolicy, minSequence: number): Standing;
  /** When the entry was last known to equal the log; of one that is touched or in doubt, when it was made. */
  knownAt(entry: Held): number;
  inDoubt(entry: Held): boolean;
  /** Whether the clock has changed the answer, and to what is not known here: it is not served, also not as stale. */
  isOver(entry: Held): boolean;
  /** Everything that the entry is about, up to this sequence, is in it, while it is not in doubt. */
  reach(entry: Held): number;
  /** Whether it is as new as what this node has shown of each product in it. */
  isAsNewAsShown(entry: Held): boolean;
}

/** `trusted`: served. `early`, `ageing`: served and checked behind the request. `unsure`: checked first. */
export type Standing = "trusted" | "early" | "ageing" | "unsure";

export type HeldPolicy = CachePolicy & Required<Pick<CachePolicy, "redisMs" | "gatewayMs">>;

/** From which share of its time of trust on an entry may be refreshed early. */
const earlyFrom = 0.5;

export function createTrust(options: {
  readonly heard: HeardChanges;
  readonly floors: Floors;
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}): Trust {
  const { heard, floors, now, random } = options;

  const reachedBy = (id: Identifier) => heard.reached(partitionOf(tokenOf(id)));

  const inDoubt = ({ moment, answer }: Held) => heard.inDoubtSince(moment, answer.partitions);

  const isOver = ({ answer }: Held) => answer.validUntil !== undefined && now() >= answer.validUntil;

  /** An owner's clock may be ahead of ours. */
  function knownAt(entry: Held, at = now()): number {
    const { answer, touched, awaiting } = entry;
    if (touched && awaiting !== undefined) return awaiting.knownAt;
    const isSure = !touched && !inDoubt(entry);
    return Math.min(at, isSure ? Math.max(answer.knownAt, heard.headAt(answer.partitions)) : answer.knownAt);
  }

  function reach({ answer, touched, shown }: Held): number {
    if (touched) return shown;
    let heardOf = Number.POSITIVE_INFINITY;
    for (const partition of answer.positionOf) heardOf = Math.min(heardOf, heard.reached(partition));
    return Math.max(answer.sequence, heardOf);
  }

  function isAsNewAsShown({ answer }: Held): boolean {
    for (const [id, sequence] of answer.products)
      if (floors.of(id) > sequence && floors.of(id) > reachedBy(id)) return false;
    return true;
  }

  /**
   * Whether something that was touched a moment ago is served as it was: its new value is on its way, and nobody has seen
   * anything newer.
   */
  function awaits(entry: Held, minSequence: number): boolean {
    const { answer, awaiting, shown } = entry;
    if (awaiting === undefined || now() >= awaiting.until || minSequence > shown || inDoubt(entry))
      return false;
    for (const [id, sequence] of answer.products)
      if (floors.of(id) > (id === answer.subject ? Math.max(sequence, shown) : sequence)) return false;
    return true;
  }

  return {
    knownAt,
    inDoubt,
    isOver,
    reach,
    isAsNewAsShown,
    standing(entry, { freshnessMs, gatewayMs }, minSequence) {
      const { touched, tookMs, madeAt } = entry;
      if (isOver(entry)) return "unsure";
      if (touched) return awaits(entry, minSequence) ? "trusted" : "unsure";
      if (inDoubt(entry)) return "unsure";
      if ((minSequence > 0 && reach(entry) < minSequence) || !isAsNewAsShown(entry)) return "unsure";
      const at = now();
      const age = at - knownAt(entry, at);
      const trustedMs = Math.min(gatewayMs, freshnessMs);
      if (age > freshnessMs) return "unsure";
      // Whatever was lost unnoticed is healed by this bound.
      if (age > trustedMs || at - madeAt > gatewayMs) return "ageing";
      if (age < trustedMs * earlyFrom) return "trusted";
      // The dearer a load, the earlier somebody begins it, and not all at once: Vattani et al., "Optimal
      // Probabilistic Cache Stampede Prevention", VLDB 2015, with beta 1.
      return age - tookMs * Math.log(random()) > trustedMs ? "early" : "trusted";
    },
  };
}
