/**
 * One load of a key at a time in this process, however many ask: who comes while one is under way that brings
 * what is due to them takes its outcome, failure included.
 */
export interface SingleFlight<Key, Value> {
  /** `due`: the least position that the caller's load brings, and that a load to be shared must bring. */
  run(key: Key, due: number, load: () => Promise<Value>): Promise<Value>;
}

export function createSingleFlight<Key, Value>(): SingleFlight<Key, Value> {
  const underWay = new Map<Key, { readonly due: number; readonly value: Promise<Value> }>();
  return {
    run(key, due, load) {
      const standing = underWay.get(key);
      if (standing !== undefined && standing.due >= due) return standing.value;
      const value = load().finally(() => {
        if (underWay.get(key) === one) underWay.delete(key);
      });
      const one = { due, value };
      underWay.set(key, one);
      return value;
    },
  };
}
