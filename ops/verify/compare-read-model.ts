import { compareGroups, compareLists, compareTree } from "./compare-lists.ts";
import { compareProducts } from "./compare-products.ts";
import { compareBoundaries, compareRows } from "./compare-rows.ts";
import { compareStored } from "./compare-stored.ts";
import type { Comparison } from "./comparison.ts";

/** All that the port of the read models gives out, held against the reference: no Redis and no HTTP in it. */
export async function compareReadModel(
  comparison: Comparison,
  onProgress: (stage: string) => void = () => {},
): Promise<void> {
  const stages = {
    products: compareProducts,
    "stored answers": compareStored,
    "listing rows": compareRows,
    boundaries: compareBoundaries,
    "category lists": compareLists,
    groups: compareGroups,
    "category tree": compareTree,
  };
  for (const [stage, compare] of Object.entries(stages)) {
    onProgress(stage);
    await compare(comparison);
  }
}
