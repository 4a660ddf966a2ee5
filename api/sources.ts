/** Who can answer, from the fastest to the slowest. */
export const sources = ["memory", "redis", "log", "stale"] as const;
export type Source = (typeof sources)[number];

/** The slowest tier that took part answers for all. */
export function slowest(taken: readonly { readonly source: Source }[]): Source {
  return sources.findLast((one) => taken.some(({ source }) => source === one)) ?? "redis";
}
