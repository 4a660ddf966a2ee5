import { isBad, type BadEvent, type Event } from "../../streams/events.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import type { Log } from "../../streams/log.ts";
import { partitionOf } from "../../streams/partition.ts";
import { createSlots } from "../../streams/slots.ts";
import { storedSubject } from "../../streams/subjects.ts";
import type { DerivedBuffer } from "../derived-buffer.ts";
import { emptyRun, type FoldedRun, foldOnto, sizeOf } from "../fold-run.ts";
import type { LogReader } from "../log-reader.ts";
import type { Fold, Refusal, Standing } from "../projection.ts";
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
  begin(): Fold;
  /** Gives the listings the amounts that a sale's start or end has brought by the clock. */
  reprice(standing: Standing, now: number): Promise<number>;
}

export interface ProductWriterOptions {
  readonly catalog: Log;
  readonly readModel: ReadModel;
  readonly derived: Log;
  readonly reader: LogReader;
  readonly buffer: DerivedBuffer;
  readonly listsOf: TreeWriter["listsOf"];
  readonly versions: Versions;
  readonly now: () => number;
}

export function createProductWriter(options: ProductWriterOptions): ProductWriter {
  const { catalog, readModel, versions } = options;
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
    begin() {
      const runs = new Map<number, FoldedRun>();
      const again: Event[] = [];
      const bad: BadEvent[] = [];

      function runOf(partition: number): FoldedRun {
        let run = runs.get(partition);
        if (run === undefined) {
          run = emptyRun();
          runs.set(partition, run);
        }
        return run;
      }

      return {
        add(entries, standing) {
          const stored: (number | undefined)[] = [];
          for (const [partition, { sequence }] of standing) stored[partition] = sequence;
          for (const { decoded } of entries) {
            const before = stored[decoded.partition];
            if (before === undefined) continue;
            if (isBad(decoded)) bad.push(decoded);
            else if (decoded.sequence <= before) again.push(decoded);
            else foldOnto(runOf(decoded.partition), decoded);
          }
        },
        get size() {
          let size = again.length + bad.length;
          for (const run of runs.values()) size += sizeOf(run);
          return size;
        },
        async write(current) {
          await good.keep(bad, runs);
          const written = [...runs].map(([partition, run]) => {
            const fence = current.get(partition)?.fence;
            return fence && readModel.putRegisters([fence], registersOf(run));
          });
          const listed = listings.apply(runs, current);
          const reviewed = new Map([...runs.values()].flatMap((run) => [...run.reviews]));
          const [foreign] = await Promise.all([listed, reviews.apply(reviewed, again, current), ...written]);
          return foreignPrices(catalog, foreign);
        },
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

/** Reads of the log that are under way. */
const foreignAtOnceMax = 64;

/** A price that leaves its product with sales in another currency: they are ignored, and that is reported. */
async function foreignPrices(
  catalog: Log,
  foreign: ReadonlyMap<number, { readonly id: Identifier; readonly sale: Identifier }>,
): Promise<readonly Refusal[]> {
  const slots = createSlots(foreignAtOnceMax);
  const refused = await Promise.all(
    [...foreign].map(([sequence, { id, sale }]) =>
      slots.run(async (): Promise<readonly Refusal[]> => {
        const message = await catalog.next(storedSubject("price.updated", tokenOf(id)), sequence);
        if (message?.sequence !== sequence) return [];
        const reason = `the sale "${sale}" is in another currency than this price: it is ignored for "${id}"`;
        return [{ message, partition: partitionOf(tokenOf(id)), product: id, reason }];
      }),
    ),
  );
  return refused.flat();
}
