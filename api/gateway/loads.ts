import type { Identifier } from "../../streams/identifier.ts";
import type { Journal } from "../../streams/journal.ts";
import { Problem } from "../problems.ts";
import type { ReadOptions } from "../read-options.ts";
import type { GatewayCounters } from "./counters.ts";
import type { View } from "../views.ts";
import type { Floors } from "./floors.ts";
import type { Served } from "./served.ts";
import type { MadeAnswer } from "./made-answer.ts";
import type { HeldPolicy } from "./trust.ts";

/**
 * Loads under way: each key is loaded once at a time, however many ask for it, and who waits gets an answer that
 * includes what this node had shown when they asked.
 */
export interface Loads {
  /** Whether one is under way that the reader may wait for. */
  isUnderWay(key: string, minSequence: number): boolean;
  /** Loads several at once, each tried by itself where all together fail. */
  begin(items: readonly Item[], wanted: ReadOptions, makeAll?: MakeAll): void;
  /**
   * What the load under way brings; once more where it began before what was shown meanwhile, or where it fails for
   * want of a position that this reader did not name.
   */
  result(item: Item, minSequence: number): Promise<Served | undefined>;
}

/** What is asked for. */
export interface Item {
  readonly key: string;
  /** For an answer that is a product. */
  readonly id?: Identifier;
  readonly view?: View;
  readonly policy: HeldPolicy;
  /** What this node has shown of it, by whichever of its threads. */
  floor(): number;
  make(wanted: ReadOptions): Promise<MadeAnswer | undefined>;
}

export type MakeAll = (
  items: readonly Item[],
  wanted: ReadOptions,
) => Promise<readonly (MadeAnswer | undefined)[]>;

/** Takes what was made, and says what is to be served. */
export type Keep = (item: Item, load: Load, answer: MadeAnswer | undefined) => Served | undefined;

export interface Load {
  /** In what was heard, when it began. */
  readonly moment: number;
  /** The least that it includes. */
  readonly minSequence: number;
  /** What was shown of it when it began. */
  readonly floor: number;
  readonly tookMs: number;
}

/** A load under way. */
interface Loading extends Pick<Load, "minSequence" | "floor"> {
  readonly wanted: ReadOptions;
  readonly result: Promise<Loaded>;
}

interface Loaded {
  readonly answer: MadeAnswer | undefined;
  readonly served: Served | undefined;
}

export function createLoads(options: {
  readonly moment: () => number;
  readonly floors: Floors;
  readonly keep: Keep;
  readonly counters: GatewayCounters;
  readonly journal: Journal;
}): Loads {
  const { floors, keep, counters, journal } = options;
  const loading = new Map<string, Loading>();

  const oneByOne: MakeAll = (items, wanted) => Promise.all(items.map((item) => item.make(wanted)));

  /** Who names a position may have to wait for it; who names none does not wait with them. */
  const keyOf = (key: string, minSequence: number) => (minSequence > 0 ? `from a position: ${key}` : key);

  function isBehind(
    { answer, served }: Loaded,
    item: Item,
    due: number,
    floorThen: number,
    asksMore: boolean,
  ): boolean {
    if (served === undefined) return item.floor() > floorThen;
    if (served.degraded) return asksMore;
    if ((served.sequence ?? 0) < due) return true;
    // Who else is in the answer is known only now: these are held against what was shown by now.
    for (const [id, sequence] of answer?.products ?? [])
      if (id !== item.id && sequence < floors.of(id)) return true;
    return false;
  }

  const loads: Loads = {
    isUnderWay: (key, minSequence) =>
      (loading.get(keyOf(key, minSequence))?.minSequence ?? -1) >= minSequence,

    begin(items, wanted, makeAll = oneByOne) {
      const moment = options.moment();
      const begunAt = performance.now();
      const { minSequence = 0 } = wanted;
      // Before anything is read: another thread of this node may show something newer at any time.
      const floorsThen = items.map((item) => item.floor());
      const made = makeAll(items, wanted);
      const alone = (item: Item, error: unknown) => {
        if (items.length === 1) throw error;
        return item.make(wanted);
      };
      for (const [at, item] of items.entries()) {
        const key = keyOf(item.key, minSequence);
        const floor = floorsThen[at] as number;
        const result = made
          .then(
            (results) => results[at],
            (error: unknown) => alone(item, error),
          )
          .then((answer): Loaded => {
            const tookMs = performance.now() - begunAt;
            return { answer, served: keep(item, { moment, minSequence, floor, tookMs }, answer) };
          })
          .finally(() => {
            if (loading.get(key) === one) loading.delete(key);
          });
        const one: Loading = { minSequence, floor, wanted, result };
        loading.set(key, one);
        // Whoever waits hears of it as well.
        result.catch((error: unknown) => {
          if (error instanceof Problem && error.status < 500) return;
          counters.failed++;
          journal.debug({ err: error, key: item.key }, "an answer could not be made");
        });
      }
    },

    async result(item, minSequence) {
      const joined = loading.get(keyOf(item.key, minSequence));
      if (joined === undefined) throw new Error(`nothing loads ${item.key}`);
      const due = item.floor();
      const asksMore = joined.minSequence > minSequence;
      try {
        const loaded = await joined.result;
        if (!isBehind(loaded, item, due, joined.floor, asksMore)) return loaded.served;
      } catch (error) {
        if (!asksMore) throw error;
      }
      if (asksMore || !loads.isUnderWay(item.key, minSequence))
        loads.begin([item], { ...joined.wanted, minSequence });
      return (await loading.get(keyOf(item.key, minSequence))?.result)?.served;
    },
  };
  return loads;
}
