import type { Broadcast, Listener } from "./broadcast.ts";

/** A broadcast within one process. What is said is heard before `publish` returns. */
export function createMemoryBroadcast(): Broadcast {
  const listeners = new Set<Listener>();
  return {
    publish(bytes) {
      for (const listener of listeners) {
        try {
          listener.hear(bytes);
        } catch {
          listener.missed();
        }
      }
    },
    listen(listener) {
      listeners.add(listener);
      return { close: () => void listeners.delete(listener) };
    },
  };
}
