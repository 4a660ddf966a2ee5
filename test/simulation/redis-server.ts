import { createMemoryReadModel, type MemoryReadModel } from "../../projections/memory/read-model.ts";
import type { ReadModel } from "../../projections/read-model.ts";
import type { Clock } from "./clock.ts";
import type { Server } from "./network.ts";

/**
 * A simulated Redis: the read models in memory, with a journal of what was done to them. An older copy is the
 * journal up to then, carried out anew.
 */
export interface RedisServer extends Server {
  /** The store as it is; what is written through it is remembered and told. */
  readonly model: ReadModel;
  empty(): void;
  older(ageMs: number): void;
  /** Evicts each evictable value with a probability. Returns how many. */
  evict(goes: () => boolean): number;
  /** A write that none of the processes here made; it begins and ends with the call. */
  intrude(write: (model: MemoryReadModel) => unknown): void;
}

/** Hears of every write that the store took. */
export type OnWritten = (method: string, args: readonly unknown[]) => void;

interface Done {
  readonly at: number;
  readonly act: (store: MemoryReadModel) => unknown;
}

const writes = /^(?:put|refill|drop|advance$)/;

export function createRedisServer(
  clock: Clock,
  onWritten: OnWritten,
  planted: (model: ReadModel) => ReadModel = (model) => model,
): RedisServer {
  let store = createMemoryReadModel();
  let journal: Done[] = [];

  function act(carryOut: Done["act"]): unknown {
    journal.push({ at: clock.now(), act: carryOut });
    return carryOut(store);
  }

  function startFrom(kept: Done[]): void {
    store = createMemoryReadModel();
    journal = kept;
    // What a fence refused then it refuses again.
    for (const done of kept) Promise.resolve(done.act(store)).catch(() => {});
  }

  const call = (method: string, args: readonly unknown[]) => (on: MemoryReadModel) =>
    Reflect.apply(Reflect.get(on, method), on, args);

  const model = planted(
    new Proxy<ReadModel>(store, {
      get: (_, method: string) =>
        writes.test(method)
          ? async (...args: readonly unknown[]) => {
              const result = await act(call(method, args));
              onWritten(method, args);
              return result;
            }
          : (...args: readonly unknown[]) => call(method, args)(store),
    }),
  );

  const server: RedisServer = {
    name: "redis",
    downUntil: 0,
    life: 0,
    ordered: true,
    patienceMs: () => 0,
    failure: (name, reason) => new Error(`Redis: ${name}: ${reason}`),
    model,

    empty: () => startFrom([]),

    older(ageMs) {
      const moment = clock.now() - ageMs;
      startFrom(journal.filter(({ at }) => at <= moment));
      server.life++;
    },

    evict(goes) {
      const gone = new Set<string>();
      const evicted = store.evict((what, id) => goes() && gone.add(`${what} ${id}`).size > 0);
      journal.push({ at: clock.now(), act: (on) => on.evict((what, id) => gone.has(`${what} ${id}`)) });
      return evicted;
    },

    intrude: (write) => void act(write),
  };
  return server;
}
