import type { Broadcast } from "./broadcast.ts";
import { ConsumerLost, type DeliveredWord, lookBack, type OpenConsumer } from "./durable-consumer.ts";
import { limits } from "./limits.ts";

/** Overhears a broadcast and keeps all of it until it is told to forget, for tests. `now` dates what is heard. */
export function createMemoryConsumers(
  broadcast: Broadcast,
  now: () => number,
): OpenConsumer & { forget(): void } {
  const words: { readonly time: number; readonly bytes: Uint8Array }[] = [];
  const acknowledged = new Map<string, number>();
  const owners = new Map<string, symbol>();
  const waiters = new Set<() => void>();
  const wakeAll = () => {
    for (const wake of waiters) wake();
  };
  broadcast.listen({
    hear(bytes) {
      words.push({ time: now(), bytes });
      wakeAll();
    },
    missed: () => {},
  });

  let first = 1;
  const open: OpenConsumer = async (name) => {
    const owner = Symbol(name);
    owners.set(name, owner);
    wakeAll();
    const known = acknowledged.get(name) ?? 0;
    let next = Math.max(first, known + 1 - lookBack);

    function collect(max: number): readonly DeliveredWord[] {
      if (owners.get(name) !== owner) throw new ConsumerLost(`somebody else opened ${name}`);
      const done = acknowledged.get(name) ?? 0;
      const end = Math.min(words.length, next - 1 + max, done + limits.unacknowledgedMax);
      const taken = words.slice(next - 1, end).map((word, at) => {
        const sequence = next + at;
        return { ...word, sequence, isKnown: sequence <= known };
      });
      next += taken.length;
      return taken;
    }

    return {
      floor: known,
      async take(max, waitMs) {
        const taken = collect(max);
        if (taken.length > 0) return taken;
        await new Promise<void>((resolve) => {
          const wake = () => {
            clearTimeout(timer);
            waiters.delete(wake);
            resolve();
          };
          const timer = setTimeout(wake, waitMs);
          waiters.add(wake);
        });
        return collect(max);
      },
      acknowledge(sequence) {
        acknowledged.set(name, Math.max(acknowledged.get(name) ?? 0, Math.min(sequence, next - 1)));
        wakeAll();
      },
      async close() {
        if (owners.get(name) === owner) owners.delete(name);
        wakeAll();
      },
    };
  };
  return Object.assign(open, {
    forget() {
      first = words.length + 1;
    },
  });
}
