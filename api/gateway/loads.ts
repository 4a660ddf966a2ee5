import type { Identifier } from "../../streams/identifier.ts";
import type { Journal } from "../../streams/journal.ts";
import { Problem } from "../problems.ts";
import type { ReadOptions } from "../read-options.ts";
import type { GatewayCounters } from "./counters.ts";
import type { Floors } from "./floors.ts";
import type { Served } from "./gateway.ts";
import type { MadeAnswer } from "./made-answer.ts";
import type { HeldPolicy } from "./trust.ts";

/**
 * Loads under way: each key is loaded once at a time, however many ask for it, and who waits gets an answer that
 * includes what this node had shown when they asked.
 */
export interface Loads {
  isUnderWay(key: string, minSequence: number): boolean;
  /** Loads several at once, each tried by itself where all together fail. */
  begin(items: readonly Item[], wanted: ReadOptions, makeAll?: MakeAll): Loads;
  /** What the load under way brings; once more where it began before what was shown meanwhile. */
  result(item: Item, minSequence: number): Promise<Served | undefined>;
}

/** What is asked for. */
export interface Item {
  readonly key: string;
  /** For an answer about one product. */
  readonly id?: Identifier;
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
export type Keep = (
  item: Item,
  load: Pick<Loading, "minSequence" | "floor"> & { readonly moment: number; readonly tookMs: number },
  answer: MadeAnswer | undefined,
) => Served | undefined;

/** A load under way, and the least that it will include. */
interface Loading {
  readonly minSequence: number;
  /** What was shown of it when it began. */
  readonly floor: number;
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

  const loads: Loads = {
    isUnderWay: (key, minSequence) => (loading.get(key)?.minSequence ?? -1) >= minSequence,

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
            if (loading.get(item.key) === one) loading.delete(item.key);
          });
        const one: Loading = { minSequence, floor, wanted, result };
        loading.set(item.key, one);
        // Whoever waits hears of it as well.
        result.catch((error: unknown) => {
          if (error instanceof Problem && error.status < 500) return;
          counters.failed++;
          journal.debug({ err: error, key: item.key }, "an answer could not be made");
        });
      }
      return loads;
    },

    async result(item, minSequence) {
      const { key } = item;
      const due = item.floor();
      const load = loading.get(key);
      if (load === undefined) return undefined;
      const { answer, served } = await load.result;
      // Who else is in the answer is known only now: these are held against what was shown by now.
      const lacks = ([each, sequence]: readonly [Identifier, number]) =>
        each !== item.id && sequence < floors.of(each);
      const isOlder = (sequence = 0) => sequence < due || [...(answer?.products ?? [])].some(lacks);
      const isBehind =
        served === undefined ? item.floor() > load.floor : !served.degraded && isOlder(served.sequence);
      if (!isBehind) return served;
      if (!loads.isUnderWay(key, minSequence)) loads.begin([item], { ...load.wanted, minSequence });
      return (await loading.get(key)?.result)?.served;
    },
  };
  return loads;
}
