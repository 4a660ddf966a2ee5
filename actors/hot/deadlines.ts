/**
 * Many deadlines and no timer: a binary heap of moments, the earliest first. A key that gets another deadline leaves its
 * old entry where it is, to be passed over; when those outnumber what counts, the heap is made anew. Setting and taking
 * cost a logarithm of the number of keys, and memory stays at twice the entries that count.
 */
export interface Deadlines<Key> {
  /** Replaces the one that the key had; undefined takes it away. */
  set(key: Key, at: number | undefined): void;
  /** The earliest. */
  next(): number | undefined;
  /** Takes away those that are reached, `max` at most, the earliest first; of the same moment the one that was set first. */
  take(now: number, max: number): readonly Key[];
}

interface Entry<Key> {
  readonly key: Key;
  readonly at: number;
  readonly order: number;
}

/** Below so many entries nobody minds what is passed over. */
const smallMax = 64;

export function createDeadlines<Key>(): Deadlines<Key> {
  let heap: Entry<Key>[] = [];
  const current = new Map<Key, Entry<Key>>();
  let order = 0;

  const before = (a: Entry<Key>, b: Entry<Key>) => a.at < b.at || (a.at === b.at && a.order < b.order);

  function push(entry: Entry<Key>): void {
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !before(entry, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = entry;
  }

  function pop(): void {
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const [one, other] = [heap[left], heap[left + 1]];
      const child = one !== undefined && other !== undefined && before(other, one) ? other : one;
      if (child === undefined || !before(child, last)) break;
      heap[at] = child;
      at = child === one ? left : left + 1;
    }
    heap[at] = last;
  }

  function first(): Entry<Key> | undefined {
    for (let entry = heap[0]; entry !== undefined; entry = heap[0]) {
      if (current.get(entry.key) === entry) return entry;
      pop();
    }
    return undefined;
  }

  return {
    set(key, at) {
      if (at === undefined) {
        current.delete(key);
      } else if (current.get(key)?.at !== at) {
        const entry = { key, at, order: order++ };
        current.set(key, entry);
        push(entry);
      }
      if (heap.length > smallMax && heap.length > 2 * current.size) {
        // In order, so it is a heap.
        heap = [...current.values()].sort((a, b) => (before(a, b) ? -1 : 1));
      }
    },
    next: () => first()?.at,
    take(now, max) {
      const taken: Key[] = [];
      for (let entry = first(); entry !== undefined && entry.at <= now; entry = first()) {
        if (taken.length >= max) break;
        pop();
        current.delete(entry.key);
        taken.push(entry.key);
      }
      return taken;
    },
  };
}
