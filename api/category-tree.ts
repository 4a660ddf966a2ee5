import { type CategoryTree, childrenByParent, foldTree } from "../projections/categories.ts";
import type { ReadModel } from "../projections/read-model.ts";
import type { Versions } from "../projections/version.ts";
import { allAtHead, lowestSequence } from "./catalog-health.ts";
import { Problem } from "./problems.ts";

/**
 * The category tree as this process last read it. It is small and changes seldom, so it is read at most a few
 * times a second; while the read models are being made again or cannot be reached, the last whole tree stays.
 */
export interface TreeReader {
  read(): Promise<TreeNow>;
}

export interface TreeNow {
  readonly tree: CategoryTree;
  readonly children: ReturnType<typeof childrenByParent>;
  /** The log position that the tree includes. */
  readonly position: number;
  readonly readAt: number;
  readonly knownAt: number;
  readonly degraded: boolean;
}

const rememberedMs = 200;

export function createTreeReader(options: {
  readonly readModel: ReadModel;
  readonly versions: Versions;
  readonly freshnessMs: number;
  readonly now: () => number;
}): TreeReader {
  const { readModel, versions, freshnessMs, now } = options;
  let last: TreeNow | undefined;
  let reading: Promise<TreeNow> | undefined;

  async function readAnew(): Promise<TreeNow> {
    const stored = await readModel.readCategoryEvents().catch(() => undefined);
    const headAt = stored && allAtHead(stored.positions, versions);
    const fresh = headAt !== undefined && now() - headAt <= freshnessMs;
    if (!fresh && last !== undefined) return { ...last, degraded: true };
    if (stored === undefined)
      throw new Problem("unavailable", "the read models cannot be reached; try again shortly");
    const tree = foldTree(stored.events);
    const read = {
      tree,
      children: childrenByParent(tree),
      position: lowestSequence(stored.positions),
      readAt: now(),
      knownAt: headAt ?? 0,
      degraded: !fresh,
    };
    if (fresh) last = read;
    return read;
  }

  return {
    read() {
      if (last !== undefined && now() - last.readAt < rememberedMs) return Promise.resolve(last);
      reading ??= readAnew().finally(() => {
        reading = undefined;
      });
      return reading;
    },
  };
}
