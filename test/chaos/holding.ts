import { setTimeout as delay } from "node:timers/promises";
import type { Identifier } from "../../streams/identifier.ts";
import { sequenceOf } from "../../projections/version.ts";
import { productIds } from "./story.ts";
import type { World } from "./world.ts";

/**
 * Who held what when: the judge of a read that failed. The log holds every product as long as nats-server
 * stands; Redis does if it stands, has the product's values, and has come to the position that the reader asked
 * for, before the read and still after it.
 */
export interface Holding {
  /** Whether any tier could have answered this read. */
  anyTierHeld(read: FailedRead): Promise<boolean>;
  stop(): Promise<void>;
}

export interface FailedRead {
  readonly id: Identifier;
  readonly minSequence: number | undefined;
  /** Asked the log's leader, past every cache. */
  readonly strong: boolean;
  /** By `performance.now()`. */
  readonly from: number;
  readonly to: number;
}

interface Sample {
  readonly takenAt: number;
  /** The position up to which Redis holds all values of a product. */
  readonly sequences: ReadonlyMap<Identifier, number>;
}

const sampleMs = 100;
const samplesMax = 100;

export function startHolding({ catalogue, outages }: World): Holding {
  let samples: Sample[] = [];
  let stopped = false;

  async function sample(ids: readonly Identifier[]): Promise<Sample | undefined> {
    const takenAt = performance.now();
    const reads = await catalogue.readModel.readProducts(ids).catch(() => []);
    const sequences = new Map<Identifier, number>();
    for (const [at, { product, price, inventory, position }] of reads.entries()) {
      const id = ids[at];
      if (id !== undefined && product && price && inventory && position)
        sequences.set(id, sequenceOf(position.version));
    }
    return reads.length === 0 ? undefined : { takenAt, sequences };
  }

  async function keepSampling(): Promise<void> {
    for (; !stopped; await delay(sampleMs)) {
      const taken = await sample(productIds);
      if (taken !== undefined) samples = [...samples.slice(-samplesMax), taken];
    }
  }

  const sampling = keepSampling();
  return {
    async anyTierHeld({ id, minSequence = 0, strong, from, to }) {
      if (outages.stood("nats", from, to)) return true;
      if (strong || !outages.stood("redis", from, to)) return false;
      const before = samples.findLast(({ takenAt }) => takenAt < from - sampleMs);
      const after = await sample([id]);
      const held = (one: Sample | undefined) => (one?.sequences.get(id) ?? -1) >= minSequence;
      return held(before) && held(after);
    },
    async stop() {
      stopped = true;
      await sampling;
    },
  };
}
