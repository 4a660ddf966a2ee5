import { randomInt } from "node:crypto";

/**
 * Things by key, for tables that are asked with every request and whose entries come and go.
 *
 * A `Map` costs more than this twice over. It interns each text that it is asked for. And it makes a new table every few
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

/** FNV-1a from a start that nobody outside knows, so that nobody can choose names that share a slot. */
const seed = randomInt(2 ** 32);
let lastKey: string | undefined;
let lastHash = 0;

/** 32 bits with a sign. Of the last one that was asked for, since a request asks several tables for the same. */
export function seededHashOf(key: string): number {
  if (key === lastKey) return lastHash;
  let hash = seed;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  lastKey = key;
  // The high bits are the better mixed ones.
  lastHash = hash ^ (hash >>> 15);
  return lastHash;
}

export function createKeyTable<Entry extends Keyed>(): KeyTable<Entry> {
  let slots = emptySlots(slotsMin);
  let size = 0;

  const slotOf = (key: string) => seededHashOf(key) & (slots.length - 1);

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
