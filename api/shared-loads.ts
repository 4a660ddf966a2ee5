import type { LoadClaims } from "../projections/load-claims.ts";
import type { Identifier } from "../streams/identifier.ts";
import type { ReadCounters } from "./read-counters.ts";
import type { Found } from "./reader.ts";
import { createSingleFlight } from "./single-flight.ts";

/**
 * Loads of products from the log, each once: in this process for all who ask alike while it is under way, and in
 * the cluster by a claim, whose holder tells the others what it found. Who waits for another process does so for
 * half a second at most.
 */
export interface SharedLoads {
  run(id: Identifier, wanted: LoadWanted, load: () => Promise<Loaded>): Promise<Found | undefined>;
}

export interface LoadWanted {
  /** The least position that the load brings. */
  readonly due: number;
  readonly freshnessMs: number;
  /** Whether Redis, where claims are, answers. */
  readonly inCluster: boolean;
}

/** Plain data, as it travels. `found` is null where no product has the identifier. */
export interface Loaded {
  readonly found: Found | null;
  readonly sequence: number;
  readonly knownAt: number;
}

const waitMs = 500;
const pollMs = 10;

export function createSharedLoads(options: {
  readonly claims: LoadClaims;
  readonly counters: ReadCounters;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
}): SharedLoads {
  const { claims, counters, now, sleep } = options;
  const flights = createSingleFlight<string, Found | undefined>();

  /** What another process found; undefined where it is to be loaded here. */
  async function foundByAnother(
    id: Identifier,
    { due, freshnessMs }: LoadWanted,
  ): Promise<Loaded | undefined> {
    for (const until = now() + waitMs; ; ) {
      const standing = await claims.claim(id);
      if (standing === "ours") return undefined;
      if (standing !== "theirs") {
        const loaded = JSON.parse(standing.told) as Loaded;
        return loaded.sequence >= due && now() - loaded.knownAt <= freshnessMs ? loaded : undefined;
      }
      if (now() >= until) return undefined;
      await sleep(pollMs);
    }
  }

  async function once(id: Identifier, wanted: LoadWanted, load: () => Promise<Loaded>) {
    if (!wanted.inCluster) return (await load()).found ?? undefined;
    const another = await foundByAnother(id, wanted);
    if (another !== undefined) {
      counters.sharedInCluster++;
      return another.found ?? undefined;
    }
    try {
      const loaded = await load();
      void claims.tell(id, JSON.stringify(loaded));
      return loaded.found ?? undefined;
    } catch (error) {
      void claims.release(id);
      throw error;
    }
  }

  return {
    async run(id, wanted, load) {
      let isOwn = false;
      // Who may be given something older does not decide for who may not.
      const result = flights.run(`${wanted.freshnessMs} ${id}`, wanted.due, () => {
        isOwn = true;
        return once(id, wanted, load);
      });
      if (!isOwn) counters.shared++;
      return result;
    },
  };
}
