import { isBad, type BadEvent, type Event } from "../../streams/events.ts";
import type { Log } from "../../streams/log.ts";
import type { DerivedBuffer } from "../derived-buffer.ts";
import { type FoldedRun, foldRun } from "../fold-run.ts";
import type { LogReader } from "../log-reader.ts";
import type { BatchEntry, Standing, Write } from "../projection.ts";
import type { ReadModel, RegisterPut } from "../read-model.ts";
import type { Versions } from "../version.ts";
import type { TreeWriter } from "./tree.ts";
import { createGoodKeeper } from "./good.ts";
import { createListingWriter } from "./listings.ts";
import { createReviewWriter } from "./reviews.ts";

/**
 * Products, many at a time: what a stretch of the log leaves to write is folded in memory, what must be known
 * beforehand is read in one round trip, and all is written in one more.
 */
export interface ProductWriter {
  /** Called when the log is read anew: what failed comes again. */
  begin(): void;
  fold(entries: readonly BatchEntry[], standing: Standing): Write;
  /** Gives the listings the amounts that a sale's start or end has brought by the clock. */
  reprice(standing: Standing, now: number): Promise<number>;
}

export interface ProductWriterOptions {
  readonly readModel: ReadModel;
  readonly derived: Log;
  readonly reader: LogReader;
  readonly buffer: DerivedBuffer;
  readonly listsOf: TreeWriter["listsOf"];
  readonly versions: Versions;
  readonly now: () => number;
}

export function createProductWriter(options: ProductWriterOptions): ProductWriter {
  const { readModel, versions } = options;
  const listings = createListingWriter(options);
  const reviews = createReviewWriter(options);
  const good = createGoodKeeper(options);

  /** Those of one product follow one another. */
  function registersOf({ products }: FoldedRun): RegisterPut[] {
    const puts: RegisterPut[] = [];
    for (const [id, { details, price, inventory }] of products) {
      if (details !== undefined) {
        puts.push({ id, register: "product", version: versions(details.sequence), value: details });
      }
      if (price !== undefined) {
        puts.push({ id, register: "price", version: versions(price.sequence), value: price });
      }
      if (inventory !== undefined) {
        puts.push({ id, register: "inventory", version: versions(inventory.sequence), value: inventory });
      }
    }
    return puts;
  }

  return {
    begin: () => reviews.begin(),

    fold(entries, standing) {
      const stored: (number | undefined)[] = [];
      for (const [partition, { sequence }] of standing) stored[partition] = sequence;
      const fresh: (BatchEntry[] | undefined)[] = [];
      const again: Event[] = [];
      const bad: BadEvent[] = [];
      for (const entry of entries) {
        const { decoded } = entry;
        const { partition } = decoded;
        const before = stored[partition];
        if (before === undefined) continue;
        if (isBad(decoded)) bad.push(decoded);
        else if (decoded.sequence <= before) again.push(decoded);
        else {
          const earlier = fresh[partition];
          if (earlier === undefined) fresh[partition] = [entry];
          else earlier.push(entry);
        }
      }
      const runs = new Map<number, FoldedRun>();
      for (const [partition, own] of fresh.entries()) {
        if (own !== undefined) runs.set(partition, foldRun(own));
      }
      const puts = [...runs].map(([partition, run]) => [partition, registersOf(run)] as const);
      const reviewed = new Map([...runs.values()].flatMap((run) => [...run.reviews]));
      return async (current) => {
        await good.keep(bad, runs);
        // First what must be read, so that its answers are there before the store has done with the registers.
        const listed = listings.apply(runs, current);
        const rated = reviews.apply(reviewed, again, current);
        const written = puts.map(([partition, registers]) => {
          const fence = current.get(partition)?.fence;
          return fence && readModel.putRegisters([fence], registers);
        });
        const [foreign] = await Promise.all([listed, rated, ...written]);
        return foreign;
      };
    },

    async reprice(standing, now) {
      const counts = await Promise.all(
        [...standing].map(async ([partition, { fence }]) => {
          const due = await readModel.readDue(partition, now, 1_000);
          if (due.length > 0) await listings.reprice(fence, due, now);
          return due.length;
        }),
      );
      return counts.reduce((sum, count) => sum + count, 0);
    },
  };
}
