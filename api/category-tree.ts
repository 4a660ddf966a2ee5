import { type CategoryTree, childrenByParent, foldTree } from "../projections/categories.ts";
import type { ReadModel } from "../projections/read-model.ts";
import type { Versions } from "../projections/version.ts";
import type { Identifier } from "../streams/identifier.ts";
import { allAtHead, lowestSequence } from "./catalog-health.ts";
import type { Floors } from "./gateway/floors.ts";
import { Problem } from "./problems.ts";

/**
 * The category tree as this thread last read it. It is small and changes seldom, so it is read at most a few times
 * a second, and anew where another thread of the node has shown a newer one; while the read models are being made
 * again or cannot be reached, the last whole tree stays.
 */
export interface TreeReader {
  /** As of `minSequence` at least, which is waited for a second; a tree that is behind then is degraded. */
  read(minSequence?: number): Promise<TreeNow>;
}

export interface TreeNow {
  readonly tree: CategoryTree;
  readonly children: ReturnType<typeof childrenByParent>;
  /** The log position that the tree includes. */
  readonly position: number;
  readonly readAt: number;
  /** When it was last known to equal the log; undefined while the read models are being made again. */
  readonly knownAt: number | undefined;
  readonly degraded: boolean;
}

/** A read under way, and what the node had shown of the tree when it began. */
interface Reading {
  readonly floor: number;
  readonly tree: Promise<TreeNow>;
}

/** The floor of the tree as a whole. A product of this name is read as if it had changed with each category. */
const categories = "categories" as Identifier;

const rememberedMs = 200;
const waitMs = 1_000;

export function createTreeReader(options: {
  readonly readModel: ReadModel;
  readonly versions: Versions;
  readonly floors: Floors;
  readonly freshnessMs: number;
  readonly now: () => number;
}): TreeReader {
  const { readModel, versions, floors, freshnessMs, now } = options;
  let last: TreeNow | undefined;
  let reading: Reading | undefined;

  async function readAnew(): Promise<TreeNow> {
    const stored = await readModel.readCategoryEvents().catch(() => undefined);
    const headAt = stored && allAtHead(stored.positions, versions);
    const fresh = headAt !== undefined && now() - headAt <= freshnessMs;
    if (!fresh && last !== undefined) return { ...last, degraded: true };
    if (stored === undefined)
      throw new Problem("unavailable", "the read models cannot be reached; try again shortly");
    for (const { sequence } of stored.events) floors.raise(categories, sequence);
    const tree = foldTree(stored.events);
    const read = {
      tree,
      children: childrenByParent(tree),
      position: lowestSequence(stored.positions),
      readAt: now(),
      knownAt: headAt,
      degraded: !fresh,
    };
    if (fresh) last = read;
    return read;
  }

  /** One that began before what was shown meanwhile may lack it. */
  function readShared(floor: number): Promise<TreeNow> {
    if (reading !== undefined && reading.floor >= floor) return reading.tree;
    const tree = readAnew().finally(() => {
      if (reading === mine) reading = undefined;
    });
    const mine: Reading = { floor, tree };
    reading = mine;
    return tree;
  }

  return {
    async read(minSequence = 0) {
      const floor = floors.of(categories);
      const due = Math.max(minSequence, floor);
      if (last !== undefined && last.position >= due && now() - last.readAt < rememberedMs) return last;
      const until = now() + waitMs;
      for (;;) {
        const read = await readShared(floor);
        if (read.position >= minSequence) return read;
        if (now() >= until) return { ...read, degraded: true };
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
}
