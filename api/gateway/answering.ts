import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { partitionOf } from "../../streams/partition.ts";
import { isUnavailable } from "../problems.ts";
import type { ReadOptions } from "../read-options.ts";
import type { View } from "../views.ts";
import type { AbsentProducts } from "./absent-products.ts";
import { keyOf, views } from "./answer-keys.ts";
import type { GatewayCounters } from "./counters.ts";
import type { HeardChanges } from "./heard-changes.ts";
import type { Held, HeldAnswers } from "./held-answers.ts";
import type { Keeping } from "./keeping.ts";
import type { Item, Loads, MakeAll } from "./loads.ts";
import { withPatience } from "./patience.ts";
import { byDefault, type Served } from "./served.ts";
import type { Trust } from "./trust.ts";

/** The decision for each answer that is asked for: serve what is held, serve it and check behind, or wait for a load. */
export interface Answering {
  /** Several at once: those that must be loaded are loaded together, once each. */
  many(
    items: readonly Item[],
    minSequence: number,
    makeAll?: MakeAll,
    stored?: ReadOptions["stored"],
  ): Promise<readonly (Served | undefined)[]>;
  /** Loads what was served from memory, unless that is under way or has just failed. */
  checkBehind(item: Item, entry: Held, isEarly: boolean): void;
}

/** A check behind the request that failed is not tried again for so long. */
const lengthenedMs = 1_000;

export function createAnswering(options: {
  readonly held: HeldAnswers;
  readonly heard: HeardChanges;
  readonly trust: Trust;
  readonly loads: Loads;
  readonly absent: Readonly<Record<View, AbsentProducts>>;
  readonly servedAs: Keeping["servedAs"];
  readonly counters: GatewayCounters;
  readonly now: () => number;
}): Answering {
  const { held, heard, trust, loads, absent, servedAs, counters, now } = options;

  /** The position that the store was heard or seen to have reached: one that is behind it lost something. */
  function knownSequence(id: Identifier): number {
    let known = heard.reached(partitionOf(tokenOf(id)));
    for (const view of views) known = Math.max(known, held.peek(keyOf(id, view))?.answer.sequence ?? 0);
    return known;
  }

  function wantedOf(
    { policy }: Item,
    minSequence: number,
    entry: Held | undefined,
    stored?: ReadOptions["stored"],
  ): ReadOptions {
    const hasOlder = entry !== undefined && entry.shown >= minSequence;
    const wanted = { freshnessMs: policy.freshnessMs, minSequence, knownSequence, hasOlder };
    return stored === undefined ? wanted : { ...wanted, stored };
  }

  /**
   * A position that the store was heard to have reached is reached by any load: who names it may wait for one that
   * nobody named a position for.
   */
  const minToLoad = ({ id }: Item, minSequence: number) =>
    id !== undefined && minSequence <= heard.reached(partitionOf(tokenOf(id))) ? 0 : minSequence;

  /** What needs no waiting: held and trusted, or known to be nothing. */
  function atOnce(item: Item, minSequence: number): { readonly served: Served | undefined } | undefined {
    const entry = held.get(item.key);
    if (entry === undefined) {
      const { id, view } = item;
      if (id === undefined || view === undefined || minSequence > 0 || !absent[view].has(id)) {
        counters.misses++;
        return undefined;
      }
      counters.negativeHits++;
      return { served: undefined };
    }
    const standing = trust.standing(entry, item.policy, Math.max(minSequence, item.floor()));
    if (standing === "unsure") {
      counters.revalidated++;
      return undefined;
    }
    counters.hits++;
    if (standing !== "trusted") checkBehind(item, entry, standing === "early");
    return { served: servedAs(entry, "memory") };
  }

  function checkBehind(item: Item, entry: Held, isEarly: boolean): void {
    if (now() < entry.retryAt || loads.isUnderWay(item.key, 0)) return;
    counters.servedWhileChecking++;
    if (isEarly) counters.refreshedEarly++;
    const { freshnessMs, redisMs } = item.policy;
    loads.begin([item], { ...wantedOf(item, 0, entry), freshnessMs: Math.min(freshnessMs, redisMs) });
    loads
      .result(item, 0)
      .catch(() => {})
      .finally(() => {
        const current = held.peek(item.key);
        if (current === undefined || trust.standing(current, item.policy, 0) === "trusted") return;
        // It brought nothing younger.
        counters.lengthened++;
        current.retryAt = now() + lengthenedMs;
      });
  }

  /** What a load brings, or what is held where that fails or takes too long, or the product by default. */
  async function waited(item: Item, minSequence: number): Promise<Served | undefined> {
    const result = loaded(item, minSequence);
    /** Looked at when it is served: the clock goes on while a tier is waited for. */
    const older = () => {
      const entry = held.peek(item.key);
      return entry !== undefined && entry.shown >= minSequence ? entry : undefined;
    };
    const mayBeShown = (entry: Held | undefined): entry is Held =>
      entry !== undefined && !trust.isOver(entry) && trust.isAsNewAsShown(entry);
    try {
      if (!mayBeShown(older())) return await result;
      return await withPatience(result, () => {
        const entry = older();
        if (!mayBeShown(entry)) return result;
        counters.impatient++;
        return servedAs(entry, "stale");
      });
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      const entry = older();
      if (entry !== undefined && (item.id === undefined || !trust.isOver(entry)))
        return servedAs(entry, "stale");
      if (item.id === undefined || minSequence > 0) throw error;
      return byDefault(item.id);
    }
  }

  async function loaded(item: Item, minSequence: number): Promise<Served | undefined> {
    const least = minToLoad(item, minSequence);
    const one = await loads.result(item, least);
    // The load that was under way may have begun before the store was heard to be there.
    const isOlder = (one?.sequence ?? 0) < minSequence;
    if (!isOlder || least === minSequence) return one;
    if (!loads.isUnderWay(item.key, minSequence))
      loads.begin([item], wantedOf(item, minSequence, held.peek(item.key)));
    return loads.result(item, minSequence);
  }

  async function many(
    items: readonly Item[],
    minSequence: number,
    makeAll?: MakeAll,
    stored?: ReadOptions["stored"],
  ) {
    const results = items.map((item) => atOnce(item, minSequence));
    if (results.every((one) => one !== undefined)) return results.map(({ served }) => served);
    const missing = items.filter((_, at) => results[at] === undefined);
    const distinct = new Map(missing.map((item) => [item.key, item]));
    const fresh = [...distinct.values()].filter(
      (item) => !loads.isUnderWay(item.key, minToLoad(item, minSequence)),
    );
    counters.shared += missing.length - fresh.length;
    for (const least of new Set(fresh.map((item) => minToLoad(item, minSequence)))) {
      const alike = fresh.filter((item) => minToLoad(item, minSequence) === least);
      const entries = alike.map(({ key }) => held.peek(key));
      const older = entries.every((entry) => entry !== undefined && entry.shown >= minSequence);
      const [first] = alike;
      if (first !== undefined)
        loads.begin(alike, wantedOf(first, least, older ? entries[0] : undefined, stored), makeAll);
    }
    const all = await Promise.all(
      items.map((item, at) => {
        const known = results[at];
        return known === undefined ? waited(item, minSequence) : known.served;
      }),
    );
    for (const one of all) {
      if (one?.source === "stale") counters.servedStale++;
      if (one?.source === "default") counters.servedDefault++;
    }
    return all;
  }

  return { many, checkBehind };
}
