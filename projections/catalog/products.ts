import { isBad, type BadEvent, type Event } from "../../streams/events.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { Log } from "../../streams/log.ts";
import type { CategoryTree } from "../categories.ts";
import type { DerivedBuffer } from "../derived-buffer.ts";
import { foldRun } from "../fold-run.ts";
import type { LogReader } from "../log-reader.ts";
import type { BatchEntry, Refusal, Standing } from "../projection.ts";
import type { ReadModel, RegisterPut } from "../read-model.ts";
import type { Versions } from "../version.ts";
import { createGoodKeeper } from "./good.ts";
import { createListingWriter } from "./listings.ts";
import { createReviewWriter } from "./reviews.ts";

/**
 * Products, many at a time: what a stretch of the log leaves to write is folded in memory, what must be known
 * beforehand is read in one round trip, and all is written in one more.
 */
export interface ProductWriter {
  apply(entries: readonly BatchEntry[], standing: Standing): Promise<readonly Refusal[]>;
  /** Gives the listings the amounts that a sale's start or end has brought by the clock. */
  reprice(standing: Standing, now: number): Promise<number>;
}

export interface ProductWriterOptions {
  readonly readModel: ReadModel;
  readonly derived: Log;
  readonly reader: LogReader;
  readonly buffer: DerivedBuffer;
  readonly tree: CategoryTree;
  readonly versions: Versions;
  readonly now: () => number;
}

export function createProductWriter(options: ProductWriterOptions): ProductWriter {
  const { readModel, versions } = options;
  const listings = createListingWriter(options);
  const reviews = createReviewWriter(options);
  const good = createGoodKeeper(options);

  return {
    async apply(entries, standing) {
      const fresh: Event[] = [];
      const again: Event[] = [];
      const bad: BadEvent[] = [];
      for (const { decoded } of entries) {
        const stored = standing.get(decoded.partition)?.sequence;
        if (stored === undefined) continue;
        if (isBad(decoded)) bad.push(decoded);
        else if (decoded.sequence > stored) fresh.push(decoded);
        else again.push(decoded);
      }
      const run = foldRun(fresh);
      await good.keep(bad, run);
      const puts: RegisterPut[] = [];
      for (const [id, value] of run.details) {
        puts.push({ id, register: "product", version: versions(value.sequence), value });
      }
      for (const [id, value] of run.prices) {
        puts.push({ id, register: "price", version: versions(value.sequence), value });
      }
      for (const [id, value] of run.inventories) {
        puts.push({ id, register: "inventory", version: versions(value.sequence), value });
      }
      const fences = [...standing.values()].map(({ fence }) => fence);
      const written = readModel.putRegisters(fences, puts);
      const reviewed = reviews.apply(run.reviews, again, standing);
      const listed = listings.apply(run, standing);
      const [, foreign] = await Promise.all([written, listed, reviewed]);
      return foreignPrices(entries, foreign);
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
