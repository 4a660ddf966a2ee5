import { isBad, type BadEvent, type Event } from "../../streams/events.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { Log } from "../../streams/log.ts";
import type { DerivedBuffer } from "../derived-buffer.ts";
import { type FoldedRun, foldRun } from "../fold-run.ts";
import type { LogReader } from "../log-reader.ts";
import type { BatchEntry, Refusal, Standing, Write } from "../projection.ts";
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

  function registersOf({ details, prices, inventories }: FoldedRun): RegisterPut[] {
    const puts: RegisterPut[] = [];
    for (const [id, value] of details) {
      puts.push({ id, register: "product", version: versions(value.sequence), value });
    }
    for (const [id, value] of prices) {
      puts.push({ id, register: "price", version: versions(value.sequence), value });
    }
    for (const [id, value] of inventories) {
      puts.push({ id, register: "inventory", version: versions(value.sequence), value });
    }
    return puts;
  }

  return {
    fold(entries, standing) {
      const stored: (number | undefined)[] = [];
      for (const [partition, { sequence }] of standing) stored[partition] = sequence;
      const fresh: (Event[] | undefined)[] = [];
      const again: Event[] = [];
      const bad: BadEvent[] = [];
      for (const { decoded } of entries) {
        const { partition } = decoded;
        const before = stored[partition];
        if (before === undefined) continue;
        if (isBad(decoded)) bad.push(decoded);
        else if (decoded.sequence <= before) again.push(decoded);
        else {
          const events = fresh[partition];
          if (events === undefined) fresh[partition] = [decoded];
          else events.push(decoded);
        }
      }
      const runs = new Map<number, FoldedRun>();
      for (const [partition, events] of fresh.entries()) {
        if (events !== undefined) runs.set(partition, foldRun(events));
      }
      const puts = [...runs].map(([partition, run]) => [partition, registersOf(run)] as const);
      const reviewed = new Map([...runs.values()].flatMap((run) => [...run.reviews]));
      return async (current) => {
        await good.keep(bad, runs);
        const written = puts.map(([partition, registers]) => {
          const fence = current.get(partition)?.fence;
          return fence && readModel.putRegisters([fence], registers);
        });
        const listed = listings.apply(runs, current);
        const [foreign] = await Promise.all([listed, reviews.apply(reviewed, again, current), ...written]);
        return foreignPrices(entries, foreign);
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

/** A price that leaves its product with sales in another currency: they are ignored, and that is reported. */
function foreignPrices(
  entries: readonly BatchEntry[],
  foreign: ReadonlyMap<number, { readonly id: Identifier; readonly sale: Identifier }>,
): readonly Refusal[] {
  if (foreign.size === 0) return [];
  return entries.flatMap(({ message, decoded }) => {
    const found = foreign.get(message.sequence);
    if (found === undefined || isBad(decoded)) return [];
    const reason = `the sale "${found.sale}" is in another currency than this price: it is ignored for "${found.id}"`;
    return [{ message, partition: decoded.partition, product: found.id, reason }];
  });
}
