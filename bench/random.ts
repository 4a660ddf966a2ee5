/** Park and Miller's minimal standard generator, 0 up to 1. Source: CACM 31 (10), 1988; multiplier of 31 (7), 1993. */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
