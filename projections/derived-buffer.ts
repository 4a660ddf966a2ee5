import type { Journal } from "../streams/journal.ts";
import { type Log, LogRefused } from "../streams/log.ts";
import type { Identifier } from "../streams/identifier.ts";
import {
  type Derived,
  type DerivedName,
  type DerivedPut,
  putDerived,
  putDerivedPosition,
  readDerivedPosition,
} from "./derived.ts";

/**
 * Derived values are written behind: gathered while batches run, the newest for each product kept, and
 * flushed when a partition reaches the head of the log or when many have gathered. A partition counts as
 * being at the head only after its flush, so that what a reader may trust is also what a miss finds.
 */
export interface DerivedBuffer {
  /** Up to where a partition's derived values were complete when its owner took it. */
  position(partition: number): number;
  adopt(partition: number): Promise<number>;
  add(puts: readonly DerivedPut[]): void;
  /** What was gathered and is not in the stream yet. */
  gathered<Name extends DerivedName>(name: Name, id: Identifier): Derived[Name] | undefined;
  readonly size: number;
  /** Writes all that gathered, then that these partitions (or none) are complete up to `sequence`. */
  flush(partitions: Iterable<number>, sequence: number): Promise<void>;
}

const inFlightMax = 128;

export function createDerivedBuffer(log: Log, journal: Journal): DerivedBuffer {
  const positions = new Map<number, number>();
  let gathered = new Map<string, DerivedPut>();

  /** A value that the stream will not take (it is full) is only missed by misses; the log must go on. */
  async function write(put: DerivedPut): Promise<void> {
    try {
      await putDerived(log, put);
    } catch (error) {
      if (!(error instanceof LogRefused)) throw error;
      journal.error({ err: error, name: put.name, id: put.id }, "a derived value was refused");
    }
  }

  return {
    position: (partition) => positions.get(partition) ?? 0,

    async adopt(partition) {
      const position = await readDerivedPosition(log, partition);
      positions.set(partition, position);
      return position;
    },

    add(puts) {
      for (const put of puts) gathered.set(`${put.name} ${put.id}`, put);
    },

    gathered: (name, id) => gathered.get(`${name} ${id}`)?.value as Derived[typeof name] | undefined,

    get size() {
      return gathered.size;
    },

    async flush(partitions, sequence) {
      const puts = [...gathered.values()];
      gathered = new Map();
      try {
        for (let at = 0; at < puts.length; at += inFlightMax) {
          await Promise.all(puts.slice(at, at + inFlightMax).map(write));
        }
        const behind = [...partitions].filter((partition) => (positions.get(partition) ?? 0) < sequence);
        await Promise.all(behind.map((partition) => putDerivedPosition(log, partition, sequence)));
        for (const partition of behind) positions.set(partition, sequence);
      } catch (error) {
        for (const put of puts) {
          const key = `${put.name} ${put.id}`;
          if (!gathered.has(key)) gathered.set(key, put);
        }
        throw error;
      }
    },
  };
}
