/** Where things lie by the hash of their keys: chains of places, from 0 up to a number that is fixed. */
export interface Places {
  /** The first place of the chain that a hash belongs to, or `nowhere`. */
  first(hash: number): number;
  next(place: number): number;
  /** The place must be in no chain. */
  add(hash: number, place: number): void;
  /** It must have been added under that hash. */
  delete(hash: number, place: number): void;
}

export const nowhere = -1;

export function createPlaces(count: number): Places {
  /** A power of two, so that chains have one place or none as a rule. */
  const heads = new Int32Array(2 ** Math.ceil(Math.log2(2 * count))).fill(nowhere);
  const nexts = new Int32Array(count).fill(nowhere);
  const mask = heads.length - 1;
  return {
    first: (hash) => heads[hash & mask] as number,
    next: (place) => nexts[place] as number,
    add(hash, place) {
      nexts[place] = heads[hash & mask] as number;
      heads[hash & mask] = place;
    },
    delete(hash, place) {
      const after = nexts[place] as number;
      let at = heads[hash & mask] as number;
      if (at === place) {
        heads[hash & mask] = after;
        return;
      }
      while (nexts[at] !== place) at = nexts[at] as number;
      nexts[at] = after;
    },
  };
}
