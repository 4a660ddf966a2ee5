import { type Fence, PositionMoved, type ReadModel } from "./read-model.ts";

/**
 * For who misses what a position covers: throws `PositionMoved` if the store was emptied or restored since the
 * fence was taken, as it almost always was. What would be made of the rest, for the derived stream, would lack
 * what came before.
 */
export async function assertStanding(
  readModel: ReadModel,
  { partition, position }: Fence,
  missing: string,
): Promise<void> {
  const found = await readModel.positions("catalog", [partition]);
  if (found.get(partition)?.version !== position) {
    throw new PositionMoved(`${missing} is gone, and partition ${partition} is not where it was`);
  }
}
