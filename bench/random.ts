/** Park and Miller's minimal standard generator, 0 up to 1. Source: CACM 31 (10), 1988; multiplier of 31 (7), 1993. */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/**
 * Ranks from 1 to `size` by Zipf's law with exponent 1.0: rank k has the share 1/k of the first one's. Takes constant
 * memory and hardly more than one number of `random` a rank. Source: Hörmann and Derflinger, "Rejection-inversion
 * to generate variates from monotone discrete distributions", ACM TOMACS 6 (3), 1996, with ln as the integral of 1/x.
 */
export function createZipf(size: number, random: () => number): () => number {
  const from = Math.log(1.5) - 1;
  const to = Math.log(size + 0.5);
  /** So near below a rank its bar is never missed. */
  const near = 2 - Math.exp(Math.log(2.5) - 1 / 2);
  return () => {
    for (;;) {
      const area = to + random() * (from - to);
      const point = Math.exp(area);
      const rank = Math.min(size, Math.max(1, Math.round(point)));
      if (rank - point <= near || area >= Math.log(rank + 0.5) - 1 / rank) return rank;
    }
  };
}
