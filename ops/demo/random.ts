/**
 * Numbers that look random and are the same every time.
 *
 * sfc32 by Chris Doty-Humphrey ("Small Fast Counter", from PractRand 0.94, public domain): four 32-bit words
 * of state, of which one is a counter, so that the period is at least 2^32. Each thing of the catalogue draws
 * from a stream of its own, so that a change in one leaves the others as they were.
 */
export interface Random {
  /** From 0 up to, not including, 1. */
  next(): number;
  /** A whole number, both ends included. */
  between(from: number, to: number): number;
  chance(probability: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
  /** Up to `count` different items, in the order drawn. */
  sample<Item>(items: readonly Item[], count: number): Item[];
}

/** The same seed and stream (both taken as 32 bits) give the same numbers. */
export function createRandom(seed: number, stream: number): Random {
  let a = 0;
  let b = seed | 0;
  let c = stream | 0;
  let counter = 1;

  function word(): number {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  }

  // Its author discards twelve when 64 bits were seeded: by then every bit has reached every word.
  for (let round = 0; round < 12; round++) word();

  const next = () => word() / 2 ** 32;
  const between = (from: number, to: number) => from + Math.floor(next() * (to - from + 1));

  function pick<Item>(items: readonly Item[]): Item {
    if (items.length === 0) throw new RangeError("nothing to pick from");
    return items[between(0, items.length - 1)] as Item;
  }

  return {
    next,
    between,
    chance: (probability) => next() < probability,
    pick,
    sample(items, count) {
      const left = [...items];
      const taken: (typeof left)[number][] = [];
      while (taken.length < count && left.length > 0) {
        taken.push(...left.splice(between(0, left.length - 1), 1));
      }
      return taken;
    },
  };
}
