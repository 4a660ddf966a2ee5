import { encodeHeatWord, type HeatWord } from "../../actors/hot/heat-word.ts";
import type { Broadcast } from "../../streams/broadcast.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { Caller } from "./caller.ts";
import { type Counted, createHeatCounter } from "./heat-counter.ts";

/**
 * What this worker's readers ask for, counted, and told to whoever decides what is hot.
 *
 * A word goes out every 50 ms while there is something to tell, at once when a product rises steeply, and twice a second
 * in any case. A product is hot at 50 reads a second, which a burst of 1,000 makes in 29 ms: three workers that share it have
 * told of that after 32 ms, and 39 at most; one alone after 34, and 38.
 */
export interface ReadHeat {
  /**
   * A caller asked: for an endpoint, where it was let in, and was given a product, where it was. Takes 1.5 % of a
   * request that the gateway's cache answers. What is refused counts for the caller too, so that one who does not slow
   * down stays out.
   */
  asked(caller: Caller, endpoint?: Counted, product?: Identifier): void;
  /** The caller was given another product with the same answer. */
  given(caller: Caller, product: Identifier): void;
  /** Says no more. */
  close(): void;
}

export interface ReadHeatOptions {
  /** This worker: a name for its life. */
  readonly by: string;
  /** Whether it takes pushed values. */
  readonly holds: boolean;
  readonly words: Broadcast;
  /** Milliseconds, monotonic. */
  readonly clock: () => number;
}

/** A burst shows within a few reads, and silence within a second. One read alone counts as 1.7 a second. */
const halfLifeMs = 400;
const products = { capacity: 1_024, toldMax: 128 };
const callers = { capacity: 1_024, toldMax: 32 };
/** Routes by method. */
const endpoints = { capacity: 256, toldMax: 32 };

/** Reads a second in this worker, below which nothing is told. */
const toldPerSecond = 4;
/**
 * What is told of at once: four reads of a product that nobody asked for 50 ms ago. A mere rate would be passed again and
 * again by each product that hovers about it; this, 300 products of 13 reads a second do by chance three times a second, all
 * together.
 */
const steep = { withinMs: 50, times: 1.5, morePerSecond: 6 };

/** How often something hot is told of, but for a time that a word at once has just done it. */
const wordMs = 50;
/** Between two words at least. */
const betweenMs = 10;
/** Between two signs of life. */
const lifeMs = 500;

export function createReadHeat({ by, holds, words, clock }: ReadHeatOptions): ReadHeat {
  const rising = { ...steep, rose };
  const ofProducts = createHeatCounter({
    capacity: products.capacity,
    halfLifeMs,
    countsAlone: false,
    rising,
  });
  const ofCallers = createHeatCounter({ capacity: callers.capacity, halfLifeMs, countsAlone: true });
  const ofEndpoints = createHeatCounter({ capacity: endpoints.capacity, halfLifeMs, countsAlone: true });
  let count = 0;
  let saidAt = Number.NEGATIVE_INFINITY;
  /** Whether anything was asked that the next word may have to tell of. */
  let isStirring = false;
  let wasHot = false;
  let soon: NodeJS.Timeout | undefined;
  const beating = setInterval(beat, wordMs).unref();

  function rose(): void {
    soon ??= setTimeout(() => say(wordAt(clock())), Math.max(0, saidAt + betweenMs - clock())).unref();
  }

  function beat(): void {
    const at = clock();
    const isDue = at - saidAt >= lifeMs - wordMs / 2;
    if ((!isStirring && !wasHot && !isDue) || at - saidAt < betweenMs) return;
    isStirring = false;
    const word = wordAt(at);
    // The word behind the last hot one says that it is over.
    if (wasHot || isDue || isHot(word)) say(word);
  }

  function wordAt(at: number): HeatWord {
    return {
      by,
      count: count + 1,
      holds,
      products: ofProducts.hottest(at, toldPerSecond, products.toldMax),
      callers: ofCallers.hottest(at, toldPerSecond, callers.toldMax),
      endpoints: ofEndpoints.hottest(at, toldPerSecond, endpoints.toldMax),
    };
  }

  function say(word: HeatWord): void {
    clearTimeout(soon);
    soon = undefined;
    words.publish(encodeHeatWord(word));
    count = word.count;
    saidAt = clock();
    wasHot = isHot(word);
  }

  return {
    asked(caller, endpoint, product) {
      const at = clock();
      if (product !== undefined) ofProducts.add(product, caller.hash, at);
      ofCallers.add(caller.key, caller.hash, at, caller.keyHash);
      if (endpoint !== undefined) ofEndpoints.add(endpoint.key, caller.hash, at, endpoint.keyHash);
      isStirring = true;
    },
    given(caller, product) {
      ofProducts.add(product, caller.hash, clock());
      isStirring = true;
    },
    close() {
      clearInterval(beating);
      clearTimeout(soon);
    },
  };
}

const isHot = (word: HeatWord): boolean =>
  word.products.length + word.callers.length + word.endpoints.length > 0;
