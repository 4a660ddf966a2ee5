/**
 * Who waits, by whom they belong to: each round takes one of each, in the order in which they came, so that nobody is served
 * twice while others wait. Bounded, in all and for each.
 */
export interface FairQueue<Item> {
  readonly size: number;
  /** False where there is no room. */
  add(whose: string, item: Item): boolean;
  /** What comes next, until their weights come to `weightMax` or more. Everybody who waits counts, however often. */
  take(weightMax: number): Item[];
}

export interface FairQueueOptions<Item> {
  readonly sizeMax: number;
  readonly eachMax: number;
  readonly weightOf: (item: Item) => number;
}

export function createFairQueue<Item>(options: FairQueueOptions<Item>): FairQueue<Item> {
  const { sizeMax, eachMax, weightOf } = options;
  /** In the order of their turns. */
  const waiting = new Map<string, Item[]>();
  let size = 0;
  return {
    get size() {
      return size;
    },
    add(whose, item) {
      const own = waiting.get(whose) ?? [];
      if (size >= sizeMax || own.length >= eachMax) return false;
      size++;
      own.push(item);
      waiting.set(whose, own);
      return true;
    },
    take(weightMax) {
      const taken: Item[] = [];
      for (let weight = 0; weight < weightMax; ) {
        const [next] = waiting;
        if (next === undefined) break;
        const [whose, own] = next;
        waiting.delete(whose);
        const item = own.shift();
        if (item === undefined) continue;
        taken.push(item);
        weight += weightOf(item);
        // Behind all others.
        if (own.length > 0) waiting.set(whose, own);
      }
      size -= taken.length;
      return taken;
    },
  };
}
