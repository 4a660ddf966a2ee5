import { toldMax } from "./callers-word.ts";
import type { Heat, HeatWord } from "./heat-word.ts";

/**
 * Words of heat added up. Of each worker the newest word counts, and one that has been silent for a second counts for
 * nothing. A word costs time for the products that it and the one before it name, and nothing for all others. Times are
 * monotonic milliseconds.
 */
export interface HeatSums {
  hear(word: HeatWord, at: number): void;
  /** Looks at this key when asked next. */
  touch(key: string): void;
  /** Products whose heat may have changed since it was asked last. */
  touched(at: number): ReadonlySet<string>;
  perSecond(product: string): number;
  /** Workers that live and take pushed values. */
  holders(at: number): readonly string[];
  total(list: "callers" | "endpoints", at: number): readonly Heat[];
}

export const silentMs = 1_000;
/** Anybody may publish a word: the one that has been silent for longest is forgotten. */
const workersMax = 512;
const perSecondMax = 1e9;

interface Worker {
  readonly word: HeatWord;
  readonly at: number;
}

export function createHeatSums(): HeatSums {
  /** Who spoke last is last. */
  const workers = new Map<string, Worker>();
  const products = new Map<string, number>();
  let changed = new Set<string>();

  // Whole numbers that stay so, or what was added could not be taken away again without a trace.
  function add(all: readonly Heat[], sign: 1 | -1): void {
    for (const { key, perSecond } of all) {
      const sum =
        (products.get(key) ?? 0) + sign * Math.min(perSecondMax, Math.max(0, Math.round(perSecond)));
      if (sum === 0) products.delete(key);
      else products.set(key, sum);
      changed.add(key);
    }
  }

  function forget(by: string, { word }: Worker): void {
    workers.delete(by);
    add(word.products, -1);
  }

  function forgetSilent(at: number): void {
    for (const [by, worker] of workers) {
      if (at - worker.at <= silentMs) break;
      forget(by, worker);
    }
  }

  return {
    hear(word, at) {
      const known = workers.get(word.by);
      if (known !== undefined && word.count <= known.word.count) return;
      if (known !== undefined) forget(word.by, known);
      add(word.products, 1);
      workers.set(word.by, { word, at });
      const [oldest] = workers;
      if (workers.size > workersMax && oldest !== undefined) forget(...oldest);
    },
    touch: (key) => void changed.add(key),
    touched(at) {
      forgetSilent(at);
      const taken = changed;
      if (taken.size > 0) changed = new Set();
      return taken;
    },
    perSecond: (product) => products.get(product) ?? 0,
    holders(at) {
      forgetSilent(at);
      return [...workers].flatMap(([by, { word }]) => (word.holds ? [by] : []));
    },
    total(list, at) {
      forgetSilent(at);
      const sums = new Map<string, number>();
      for (const { word } of workers.values())
        for (const { key, perSecond } of word[list]) sums.set(key, (sums.get(key) ?? 0) + perSecond);
      return [...sums]
        .map(([key, perSecond]) => ({ key, perSecond }))
        .sort((a, b) => b.perSecond - a.perSecond || (a.key < b.key ? -1 : 1))
        .slice(0, toldMax);
    },
  };
}
