import type { Token } from "../streams/identifier.ts";
import { hashOf } from "../streams/partition.ts";

/**
 * Things by key, for tables that are asked with every request and whose entries come and go. It takes the hash that the
 * partition and the floor of a product are taken by as well, so that a key is hashed once for all of them.
 *
 * A `Map` costs more than that twice over. It interns each text that it is asked for. And it makes a new table every few
 * dozen insertions, of which each old one points to the next: once one of them has moved to the old generation it keeps
 * all that follow alive until the next full collection, with the requests in them. (Measured with what is under way: 2 KB
 * a request, and scavenges of 25 ms in place of 0.3.)
 */
export interface KeyTable<Entry extends Keyed> {
  get(key: string): Entry | undefined;
  /** Its key must not be there. An entry is in one table at most. */
  add(entry: Entry): void;
  delete(key: string): void;
  readonly size: number;
}

export interface Keyed {
  readonly key: string;
  /** The table's own: another entry of the same slot. */
  chained: Keyed | undefined;
}

const slotsMin = 64;

const emptySlots = (length: number) => Array.from<Keyed | undefined>({ length }).fill(undefined);

export function createKeyTable<Entry extends Keyed>(): KeyTable<Entry> {
  let slots = emptySlots(slotsMin);
  let size = 0;

  // A key is hashed as if it were a token. The low bits of FNV-1a are as good as any.
  const slotOf = (key: string) => hashOf(key as Token) & (slots.length - 1);

  function grow(): void {
    const old = slots;
    slots = emptySlots(2 * old.length);
    for (let chain of old) {
      while (chain !== undefined) {
        const next = chain.chained;
        const slot = slotOf(chain.key);
        chain.chained = slots[slot];
        slots[slot] = chain;
        chain = next;
      }
    }
  }

  return {
    get(key) {
      let entry = slots[slotOf(key)];
      while (entry !== undefined && entry.key !== key) entry = entry.chained;
      return entry as Entry | undefined;
    },
    add(entry) {
      if (size >= slots.length) grow();
      const slot = slotOf(entry.key);
      entry.chained = slots[slot];
      slots[slot] = entry;
      size++;
    },
    delete(key) {
      const slot = slotOf(key);
      let before: Keyed | undefined;
      let entry = slots[slot];
      while (entry !== undefined && entry.key !== key) {
        before = entry;
        entry = entry.chained;
      }
      if (entry === undefined) return;
      if (before === undefined) slots[slot] = entry.chained;
      else before.chained = entry.chained;
      entry.chained = undefined;
      size--;
    },
    get size() {
      return size;
    },
  };
}
