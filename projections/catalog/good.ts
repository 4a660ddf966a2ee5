import type { BadEvent } from "../../streams/events.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { DerivedPut } from "../derived.ts";
import type { DerivedBuffer } from "../derived-buffer.ts";
import type { FoldedRun } from "../fold-run.ts";
import type { LogReader, LogRegister } from "../log-reader.ts";
import type { ReadModel } from "../read-model.ts";

/**
 * Keeps the last good value of a register whose newest event is bad, so that a miss finds it in one more get
 * although the log's last message on the subject is of no use.
 */
export interface GoodKeeper {
  /** `runs`: what the same batch folded, by partition. */
  keep(bad: readonly BadEvent[], runs: ReadonlyMap<number, FoldedRun>): Promise<void>;
}

const registerOf: Readonly<Record<string, LogRegister>> = {
  "product.modified": "product",
  "price.updated": "price",
  "inventory.changed": "inventory",
};

export function createGoodKeeper(options: {
  readonly readModel: ReadModel;
  readonly reader: LogReader;
  readonly buffer: DerivedBuffer;
}): GoodKeeper {
  const { readModel, reader, buffer } = options;

  return {
    async keep(bad, runs) {
      // The last bad event of each register decides; an earlier one is followed by it or by a good one.
      const last = new Map<
        string,
        { id: Identifier; partition: number; register: LogRegister; sequence: number }
      >();
      for (const { about, message, partition } of bad) {
        const register = about && registerOf[about.kind];
        if (about === undefined || register === undefined) continue;
        last.set(`${register} ${about.id}`, {
          id: about.id,
          partition,
          register,
          sequence: message.sequence,
        });
      }
      if (last.size === 0) return;
      const subjects = [...last.values()];
      const stored = await readModel.readProducts(subjects.map(({ id }) => id));
      const puts = await Promise.all(
        subjects.map(async ({ id, partition, register, sequence }, at): Promise<readonly DerivedPut[]> => {
          const run = runs.get(partition)?.products.get(id);
          const folded = { product: run?.details, price: run?.price, inventory: run?.inventory }[register];
          const known = folded ?? stored[at]?.[register]?.value;
          const value = known ?? (await reader.read(register, id, "leader")) ?? null;
          // A good event that came later makes the last message good again.
          if (value !== null && value.sequence > sequence) return [];
          return [{ name: `good.${register}`, id, value: { value, sequence } } as DerivedPut];
        }),
      );
      buffer.add(puts.flat());
    },
  };
}
