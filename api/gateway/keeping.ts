import { allAspects } from "../../projections/aspects.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { partitionOf } from "../../streams/partition.ts";
import { degradedOf, withOwnBytes } from "../answer.ts";
import type { Source } from "../sources.ts";
import type { View } from "../views.ts";
import type { AbsentProducts } from "./absent-products.ts";
import type { GatewayCounters } from "./counters.ts";
import type { HeardChanges } from "./heard-changes.ts";
import type { Held, HeldAnswers } from "./held-answers.ts";
import type { Item, Load } from "./loads.ts";
import { aboutAnswer, type MadeAnswer } from "./made-answer.ts";
import { type Served, servedAnew } from "./served.ts";
import type { Trust } from "./trust.ts";

/** What becomes of a loaded answer: whether it is held, and whether it or what is held is served. */
export interface Keeping {
  keep(item: Item, load: Load, answer: MadeAnswer | undefined): Served | undefined;
  /** What is held, as it leaves. */
  servedAs(entry: Held, source: Exclude<Source, "default">): Served;
}

export function createKeeping(options: {
  readonly held: HeldAnswers;
  readonly heard: HeardChanges;
  readonly trust: Trust;
  readonly absent: Readonly<Record<View, AbsentProducts>>;
  readonly counters: GatewayCounters;
  readonly now: () => number;
}): Keeping {
  const { held, heard, trust, absent, counters, now } = options;

  function servedAs(entry: Held, source: Exclude<Source, "default">): Served {
    const { prepared, validUntil, lastCallUntil } = entry.answer;
    const degraded = source === "stale";
    if (!degraded) entry.shown = Math.max(entry.shown, trust.reach(entry));
    else entry.degraded ??= degradedOf(prepared);
    return {
      prepared: entry.degraded !== undefined && degraded ? entry.degraded : prepared,
      source,
      sequence: entry.shown,
      knownAt: trust.knownAt(entry),
      validUntil,
      lastCallUntil,
      degraded,
    };
  }

  /**
   * Keeps what was loaded, unless a change came meanwhile or it is older than what was shown. Returns what is to be
   * served.
   */
  function keep(item: Item, load: Load, answer: MadeAnswer | undefined): Served | undefined {
    const { key, id, view } = item;
    const { moment, minSequence, floor, tookMs } = load;
    const standing = held.peek(key);
    const newer = standing !== undefined && standing.shown >= minSequence ? standing : undefined;
    if (answer === undefined) {
      // Products do not cease to exist.
      if (newer !== undefined) return servedAs(newer, "stale");
      if (id !== undefined && view !== undefined) keepAbsent(id, view, load);
      return undefined;
    }
    const { sequence, degraded } = answer;
    if (degraded) {
      const isOlder = newer !== undefined && sequence < newer.shown && !trust.isOver(newer);
      return isOlder ? servedAs(newer, "stale") : servedAnew(answer);
    }
    if (standing?.touched === true && standing.answer.prepared.etag === answer.prepared.etag)
      counters.invalidatedInVain++;
    const isUnchanged = heard.unchangedSince(moment, aboutAnswer(answer));
    if (!isUnchanged) counters.raced++;
    // A store that came back as an older copy of itself: products in it are asked for again, all else is not shown, unless
    // what is held is older still.
    const wentBack = sequence < floor || (standing !== undefined && sequence < standing.answer.sequence);
    if (wentBack && standing !== undefined && standing.shown >= sequence) {
      // As another answer of this node may have shown by now, which is ahead of all positions where it is a page of the tree.
      const isSure = trust.standing(standing, item.policy, item.floor()) !== "unsure";
      return servedAs(standing, isSure ? "memory" : "stale");
    }
    if (
      wentBack ||
      !isUnchanged ||
      !held.admits(key, answer.prepared, answer.products.size + answer.names.length)
    )
      return servedAnew(answer);
    const shown = standing !== undefined && !trust.inDoubt(standing) ? standing.shown : 0;
    const entry: Held = {
      answer: { ...answer, prepared: withOwnBytes(answer.prepared) },
      moment,
      tookMs,
      shown: Math.max(sequence, shown),
      touched: false,
      madeAt: now(),
      retryAt: 0,
    };
    held.put(key, entry);
    return servedAs(entry, answer.source);
  }

  function keepAbsent(id: Identifier, view: View, { moment, floor }: Load): void {
    const about = {
      products: new Map([[id, 0]]),
      aspectsOf: () => allAspects,
      names: [],
      partitions: [partitionOf(tokenOf(id))],
    };
    if (heard.unchangedSince(moment, about)) absent[view].add(id, moment, floor);
    else counters.raced++;
  }

  return { keep, servedAs };
}
