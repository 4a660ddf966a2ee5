/** Which of some values that only ever grow is the least. */
export interface Least {
  /** The place of the least value. */
  find(): number;
  /** To be called when all values were multiplied by this, which is not negative. */
  scale(factor: number): void;
}

/**
 * A heap that learns of a value that grew only when it stands at the top: what it knows of the others is too little at
 * most, so a top that is known rightly is the least. Growing costs nothing, then; and finding costs O(log n) for each
 * value that grew since it was last at the top, at most once for each growth. `values` begin equal.
 */
export function createLeast(values: Float64Array): Least {
  const { length } = values;
  const heap = Uint32Array.from(values.keys());
  const known = Float64Array.from(values);

  /** Brings the top down to where nothing below it is less. */
  function sink(): void {
    const top = heap[0] as number;
    const own = known[top] as number;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= length) break;
      let child = heap[below] as number;
      const other = heap[below + 1];
      if (other !== undefined && (known[other] as number) < (known[child] as number)) {
        below++;
        child = other;
      }
      if ((known[child] as number) >= own) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = top;
  }

  return {
    find() {
      for (;;) {
        const top = heap[0] as number;
        const value = values[top] as number;
        if (known[top] === value) return top;
        known[top] = value;
        sink();
      }
    },
    scale(factor) {
      for (let at = 0; at < length; at++) known[at] = (known[at] as number) * factor;
    },
  };
}
