/**
 * The first `count` of many in an order, in that order, without sorting the many: what cannot be among them any more costs
 * one comparison.
 */
export function firsts<T>(all: Iterable<T>, count: number, order: (a: T, b: T) => number): readonly T[] {
  if (count <= 0) return [];
  const found: T[] = [];
  let last: T | undefined;
  for (const one of all) {
    if (last !== undefined && order(last, one) <= 0) continue;
    found.push(one);
    if (found.length < 2 * count + spare) continue;
    found.sort(order);
    found.length = count;
    last = found[count - 1];
  }
  return found.sort(order).slice(0, count);
}

/** So that for few of many the sorting stays rare. */
const spare = 32;
