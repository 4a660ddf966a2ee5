import type { Leases } from "./lease.ts";

/** Leases in memory, for tests and simulation. `now` is the clock that ends them. */
export function createMemoryLeases(ttlMs: number, now: () => number): Leases {
  const held = new Map<string, { owner: string; revision: number; until: number }>();
  let revision = 0;
  const living = (key: string) => {
    const entry = held.get(key);
    return entry !== undefined && entry.until > now() ? entry : undefined;
  };
  return {
    ttlMs,
    async claim(key, owner) {
      if (living(key) !== undefined) return undefined;
      held.set(key, { owner, revision: ++revision, until: now() + ttlMs });
      return { key, owner, revision };
    },
    async renew(lease) {
      if (living(lease.key)?.revision !== lease.revision) return undefined;
      held.set(lease.key, { owner: lease.owner, revision: ++revision, until: now() + ttlMs });
      return { ...lease, revision };
    },
    async release(lease) {
      if (held.get(lease.key)?.revision === lease.revision) held.delete(lease.key);
    },
    async owners() {
      const living = [...held].filter(([, { until }]) => until > now());
      return new Map(living.map(([key, { owner }]) => [key, owner]));
    },
  };
}
