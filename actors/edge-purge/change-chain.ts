import type { Change } from "../../projections/changes.ts";
import { sameLog, sequenceOf, type Versions } from "../../projections/version.ts";
import { allPartitions } from "../../streams/partition.ts";

/**
 * What the words that were heard leave out. The moves of a partition form one chain (`projections/changes.ts`): where a
 * link is missing, or a word says that anything may have changed, the events behind the last place that is accounted
 * for are in the log, to be looked at one by one.
 */
export interface ChangeChain {
  /** Whether it is about this log. */
  isOurs(change: Change): boolean;
  /**
   * The places in the log, which ends at `end`, that this word leaves open. Undefined, and nothing is accounted for, where
   * it is about another log or about events behind the end: nobody has seen those, so no projector said it.
   */
  follow(change: Change, end: number): readonly UnnamedEvents[] | undefined;
}

/** The partition's events behind `from`, up to and with `to`. */
export interface UnnamedEvents {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

export function createChangeChain(versions: Versions): ChangeChain {
  /** Up to where each partition's events were named, or were given to be read. */
  const accounted = allPartitions.map((): number | undefined => undefined);
  /** Where something was written and not told, and no event of it has been passed yet. */
  const open = allPartitions.map(() => false);

  const isOurs = ({ moves }: Change) => moves.every(({ to }) => sameLog(to, versions(0)));

  return {
    isOurs,
    follow(change, last) {
      const { moves, products } = change;
      if (!isOurs(change) || moves.some(({ to }) => sequenceOf(to) > last)) return undefined;
      const unnamed: UnnamedEvents[] = [];
      for (const { partition, from: begin, to: end } of moves) {
        const [start, to] = [begin === undefined ? 0 : sequenceOf(begin), sequenceOf(end)];
        // Of a partition that is heard of for the first time nothing earlier is known to be missing.
        const from = accounted[partition] ?? start;
        const isNamed = products !== undefined && open[partition] !== true;
        const until = isNamed ? start : to;
        if (until > from) unnamed.push({ partition, from, to: until });
        // Its writer stood still: what another one left untold comes with the next events.
        open[partition] = !isNamed && to <= from;
        accounted[partition] = Math.max(from, to);
      }
      return unnamed;
    },
  };
}
