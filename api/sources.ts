/** Who can answer, from the fastest to the slowest. */
export const sources = ["memory", "redis", "log", "stale", "default"] as const;
export type Source = (typeof sources)[number];

/** The slowest tier that took part answers for all; Redis where none did, since it was asked. */
export function slowest<Taken extends Source>(taken: readonly { readonly source: Taken }[]): Taken | "redis" {
  return (
    taken.reduce<Taken | "redis" | undefined>(
      (slower, { source }) =>
        slower === undefined || sources.indexOf(source) > sources.indexOf(slower) ? source : slower,
      undefined,
    ) ?? "redis"
  );
}
