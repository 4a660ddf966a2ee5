import { createKeyTable, type Keyed } from "../key-table.ts";

/**
 * A cache bounded in bytes that evicts by SIEVE: a queue in the order of arrival, a mark for what was read since
 * the hand last passed, and a hand that takes the first unmarked one. A hit sets a mark and moves nothing.
 * Source: Zhang et al., "SIEVE is Simpler than LRU", NSDI 2024.
 */
export interface Sieve<Value> {
  get(key: string): Value | undefined;
  /** The same without a mark: whoever looks in passing does not keep it alive. */
  peek(key: string): Value | undefined;
  /** `bytes`: what it takes of the budget. One that exceeds the whole budget is not kept. */
  set(key: string, value: Value, bytes: number): void;
  delete(key: string): void;
  readonly bytes: number;
  readonly size: number;
}

interface Node<Value> extends Keyed {
  readonly value: Value;
  readonly bytes: number;
  visited: boolean;
  newer: Node<Value> | undefined;
  older: Node<Value> | undefined;
}

/** `onGone` hears of every value that leaves, replaced ones too. */
export function createSieve<Value>(
  bytesMax: number,
  onGone: (value: Value, key: string) => void = () => {},
): Sieve<Value> {
  const nodes = createKeyTable<Node<Value>>();
  let newest: Node<Value> | undefined;
  let oldest: Node<Value> | undefined;
  let hand: Node<Value> | undefined;
  let held = 0;

  function remove(node: Node<Value>): void {
    if (hand === node) hand = node.newer;
    if (node.newer === undefined) newest = node.older;
    else node.newer.older = node.older;
    if (node.older === undefined) oldest = node.newer;
    else node.older.newer = node.newer;
    nodes.delete(node.key);
    // What is gone must not keep what came after it alive.
    node.newer = undefined;
    node.older = undefined;
    held -= node.bytes;
    onGone(node.value, node.key);
  }

  function evictOne(): void {
    let at = hand ?? oldest;
    while (at?.visited) {
      at.visited = false;
      at = at.newer ?? oldest;
    }
    if (at === undefined) return;
    hand = at.newer;
    remove(at);
  }

  return {
    get(key) {
      const node = nodes.get(key);
      if (node === undefined) return undefined;
      node.visited = true;
      return node.value;
    },
    peek: (key) => nodes.get(key)?.value,
    set(key, value, bytes) {
      const standing = nodes.get(key);
      if (standing !== undefined) remove(standing);
      if (bytes > bytesMax) return;
      while (held + bytes > bytesMax) evictOne();
      const node: Node<Value> = {
        key,
        chained: undefined,
        value,
        bytes,
        visited: standing?.visited ?? false,
        newer: undefined,
        older: newest,
      };
      if (newest !== undefined) newest.newer = node;
      newest = node;
      oldest ??= node;
      nodes.add(node);
      held += bytes;
    },
    delete(key) {
      const node = nodes.get(key);
      if (node !== undefined) remove(node);
    },
    get bytes() {
      return held;
    },
    get size() {
      return nodes.size;
    },
  };
}
