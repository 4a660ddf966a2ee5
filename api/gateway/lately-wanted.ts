import type { Token } from "../../streams/identifier.ts";
import { hashOf } from "../../streams/partition.ts";

/**
 * Keys that were wanted lately, about as many as the cache holds: who was not among them is not let in at the price of
 * somebody who is. Most products of a large shop are asked for once in a long while; each of them would push out one
 * that is asked for again. (The ghost queue of 2Q and of S3-FIFO, as a table of hashes: Yang et al., "FIFO queues are
 * all you need for cache eviction", SOSP 2023.)
 *
 * Two keys that share a hash and a slot are taken for one, which lets one of them in early.
 */
export interface LatelyWanted {
  /** Whether it was wanted before. From now on it was. */
  wasWanted(key: string): boolean;
}

const slotsMax = 2 ** 20;

export function createLatelyWanted(keys: number): LatelyWanted {
  const slots = 2 ** Math.ceil(Math.log2(Math.min(Math.max(keys, 1), slotsMax)));
  const hashes = new Uint32Array(slots);
  return {
    wasWanted(key) {
      // A key is hashed as if it were a token; 0 stands for none.
      const hash = hashOf(key as Token) || 1;
      const slot = hash % slots;
      if (hashes[slot] === hash) return true;
      hashes[slot] = hash;
      return false;
    },
  };
}
