import type { Sieve } from "../api/gateway/sieve.ts";

/**
 * The yardstick of the gateway's eviction: a cache bounded in bytes in which whatever was read last goes last. A map
 * of JavaScript keeps the order of insertion, so a hit takes its key out and puts it in again.
 */
export function createLru<Value>(bytesMax: number): Pick<Sieve<Value>, "get" | "set" | "bytes" | "size"> {
  const entries = new Map<string, { readonly value: Value; readonly bytes: number }>();
  let held = 0;

  function remove(key: string): void {
    held -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  }

  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value, bytes) {
      remove(key);
      if (bytes > bytesMax) return;
      for (const oldest of entries.keys()) {
        if (held + bytes <= bytesMax) break;
        remove(oldest);
      }
      entries.set(key, { value, bytes });
      held += bytes;
    },
    get bytes() {
      return held;
    },
    get size() {
      return entries.size;
    },
  };
}
