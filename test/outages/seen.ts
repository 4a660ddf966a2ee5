/** What was wrong of one sort: how often, of which kinds, and the first twenty in words. */
export interface Seen {
  count: number;
  readonly kinds: Record<string, number>;
  readonly first: string[];
}

const firstMax = 20;

export const nothingSeen = (): Seen => ({ count: 0, kinds: {}, first: [] });

export function note(seen: Seen, kind: string, story: string): void {
  seen.count++;
  seen.kinds[kind] = (seen.kinds[kind] ?? 0) + 1;
  if (seen.first.length < firstMax) seen.first.push(story);
}
