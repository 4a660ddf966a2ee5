import type { Identifier } from "../../streams/identifier.ts";
import type { View } from "../views.ts";
import type { ProductAnswer } from "./product-answers.ts";
import { createSieve } from "./sieve.ts";

/** Answers held ready, by product and view, bounded in bytes; what depends on a product is found by it. */
export interface HeldAnswers {
  /** Keeps it alive. */
  get(id: Identifier, view: View): Held | undefined;
  peek(id: Identifier, view: View): Held | undefined;
  put(id: Identifier, view: View, held: Held): void;
  remove(id: Identifier, view: View): void;
  /** Removes every answer that shows one of these products or groups, and returns how many. */
  removeAbout(products: readonly Identifier[], groups: readonly Identifier[]): number;
  /** Whether these bytes were held and removed by a change that did not change them. Tells it once. */
  wasRemovedInVain(id: Identifier, view: View, etag: string): boolean;
}

export interface Held {
  readonly id: Identifier;
  readonly answer: ProductAnswer;
  /** In what was heard: the load began then. */
  readonly moment: number;
  /** The highest position that readers were given with it. */
  shown: number;
}

/** What an answer takes beside its bytes: places in maps, and its own fields. */
const heldBytes = 1_024;
const nameBytes = 200;
const removedMax = 10_000;

export function createHeldAnswers(bytesMax: number): HeldAnswers {
  const dependents = new Map<string, Set<string>>();
  const removed = new Map<string, string>();
  const answers = createSieve<Held>(bytesMax, ({ answer }, key) => {
    for (const name of namesOf(answer)) {
      const keys = dependents.get(name);
      keys?.delete(key);
      if (keys?.size === 0) dependents.delete(name);
    }
  });

  function removeByChange(key: string): void {
    const held = answers.peek(key);
    if (held === undefined) return;
    answers.delete(key);
    removed.set(key, held.answer.prepared.etag);
    const [oldest] = removed.keys();
    if (removed.size > removedMax && oldest !== undefined) removed.delete(oldest);
  }

  return {
    get: (id, view) => answers.get(keyOf(id, view)),
    peek: (id, view) => answers.peek(keyOf(id, view)),
    put(id, view, held) {
      const key = keyOf(id, view);
      answers.delete(key);
      const names = namesOf(held.answer);
      for (const name of names) {
        const keys = dependents.get(name);
        if (keys === undefined) dependents.set(name, new Set([key]));
        else keys.add(key);
      }
      answers.set(key, held, held.answer.prepared.bytes.length + heldBytes + nameBytes * names.length);
    },
    remove: (id, view) => answers.delete(keyOf(id, view)),
    removeAbout(products, groups) {
      const keys = new Set<string>();
      for (const name of [...products.map(productName), ...groups.map(groupName)]) {
        for (const key of dependents.get(name) ?? []) keys.add(key);
      }
      for (const key of keys) removeByChange(key);
      return keys.size;
    },
    wasRemovedInVain(id, view, etag) {
      const key = keyOf(id, view);
      const inVain = removed.get(key) === etag;
      removed.delete(key);
      return inVain;
    },
  };
}

export const keyOf = (id: Identifier, view: View): string => `${view} ${id}`;
const productName = (id: Identifier): string => `product ${id}`;
const groupName = (id: Identifier): string => `group ${id}`;

function namesOf({ products, groups }: ProductAnswer): readonly string[] {
  return [...[...products.keys()].map(productName), ...groups.map(groupName)];
}
