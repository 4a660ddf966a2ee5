import type { Identifier } from "../../streams/identifier.ts";
import { tokenOf } from "../../streams/identifier.ts";
import { allPartitions, partitionOf } from "../../streams/partition.ts";
import type { ListingRow, ReadModel } from "../../projections/read-model.ts";
import type { Versions } from "../../projections/version.ts";
import { batches } from "./batches.ts";
import type { Patience } from "./patience.ts";
import type { Reference } from "./reference/fold.ts";
import type { Tally } from "./tally.ts";

/** What every comparison of read models with the reference needs. */
export interface Comparison {
  readonly reference: Reference;
  readonly readModel: ReadModel;
  readonly versions: Versions;
  readonly tally: Tally;
  readonly patience: Patience;
  /** Compare this partition's products alone: the reference holds no others. */
  readonly partition: number | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export function partitionsOf({ partition }: Pick<Comparison, "partition">): readonly number[] {
  return partition === undefined ? allPartitions : [partition];
}

/** The products among `ids` that this comparison is about. */
export function oursAmong({ partition }: Comparison, ids: readonly Identifier[]): readonly Identifier[] {
  return partition === undefined ? ids : ids.filter((id) => partitionOf(tokenOf(id)) === partition);
}

/** Rows of products of any partition, by product. */
export async function readRows(
  { readModel }: Comparison,
  ids: Iterable<Identifier>,
): Promise<ReadonlyMap<Identifier, ListingRow | undefined>> {
  const rows = new Map<Identifier, ListingRow | undefined>();
  const byPartition = Map.groupBy(ids, (id) => partitionOf(tokenOf(id)));
  for (const [partition, group] of byPartition) {
    for (const batch of batches(group)) {
      const found = await readModel.readRows(partition, batch);
      for (const [at, id] of batch.entries()) rows.set(id, found[at]);
    }
  }
  return rows;
}

/** Those whose row has become newer than what was folded: where they are listed now says nothing. */
export async function movedOn(
  comparison: Comparison,
  ids: Iterable<Identifier>,
): Promise<ReadonlySet<Identifier>> {
  const newest = comparison.versions(comparison.reference.head);
  const moved = new Set<Identifier>();
  for (const [id, row] of await readRows(comparison, ids)) {
    if ((row?.membership ?? "") > newest || (row?.priced ?? "") > newest) moved.add(id);
  }
  return moved;
}
