import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { hashOf } from "../../streams/partition.ts";
import type { ReadOptions } from "../read-options.ts";
import type { CatalogReader } from "../reader.ts";

/**
 * What this node has shown, so that it never shows anything older: by product, the newest sequence.
 *
 * Products share slots. A floor that another one raised asks for a state at a later position than it must, which
 * costs a fresher read and never an older answer.
 */
export interface Floors {
  of(id: Identifier): number;
  raise(id: Identifier, sequence: number): void;
}

const slots = 65_536;

export function createFloors(): Floors {
  const floors = new Float64Array(slots);
  const slotOf = (id: Identifier) => hashOf(tokenOf(id)) % slots;
  return {
    of: (id) => floors[slotOf(id)] as number,
    raise(id, sequence) {
      const slot = slotOf(id);
      if (sequence > (floors[slot] as number)) floors[slot] = sequence;
    },
  };
}

/** A reader that asks for no less than what was shown, and remembers what it shows. */
export function aboveFloors(reader: CatalogReader, floors: Floors): CatalogReader {
  const lifted = (options: ReadOptions): ReadOptions => ({
    ...options,
    knownSequence: (id) => Math.max(floors.of(id), options.knownSequence?.(id) ?? 0),
  });
  return {
    ...reader,
    async read(ids, options) {
      const results = await reader.read(ids, lifted(options));
      for (const found of results) if (found !== undefined) floors.raise(found.state.id, found.newest);
      return results;
    },
    async strongPrice(id) {
      const strong = await reader.strongPrice(id);
      floors.raise(id, Math.max(strong.price?.sequence ?? 0, strong.sales?.sequence ?? 0));
      return strong;
    },
    async strongInventory(id) {
      const inventory = await reader.strongInventory(id);
      floors.raise(id, inventory?.sequence ?? 0);
      return inventory;
    },
  };
}
