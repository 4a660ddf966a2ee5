import { type CategoryTree, childrenByParent, foldTree } from "../projections/categories.ts";
import type { ReadModel } from "../projections/read-model.ts";
import type { CatalogHealth, Lag } from "./catalog-health.ts";
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
  readonly knownAt: number;
  readonly degraded: boolean;
}

const rememberedMs = 200;

export function createTreeReader(options: {
  readonly readModel: ReadModel;
  readonly health: CatalogHealth;
  readonly freshnessMs: number;
  readonly now: () => number;
}): TreeReader {
  const { readModel, health, freshnessMs, now } = options;
  let last: TreeNow | undefined;
  let reading: Promise<TreeNow> | undefined;

  async function readAnew(): Promise<TreeNow> {
    const lag = await health.lag().catch((): Lag | undefined => undefined);
    const events = await readModel.readCategoryEvents().catch(() => undefined);
    const fresh = lag !== undefined && lag.seconds !== null && lag.seconds * 1_000 <= freshnessMs;
    if ((events === undefined || !fresh) && last !== undefined) return { ...last, degraded: true };
    if (events === undefined) throw new Problem("unavailable", "the read models cannot be reached; try again shortly");
    const tree = foldTree(events);
    const children = childrenByParent(tree);
    const knownAt = now() - (lag?.seconds ?? 0) * 1_000;
    const read = { tree, children, position: lag?.position ?? 0, knownAt, degraded: !fresh };
    if (fresh) last = read;
    return read;
  }

  return {
    read() {
      if (last !== undefined && !last.degraded && now() - last.knownAt < rememberedMs) return Promise.resolve(last);
      reading ??= readAnew().finally(() => {
        reading = undefined;
      });
      return reading;
    },
  };
}
