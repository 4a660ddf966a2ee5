import { type CategoryTree, childrenByParent, foldTree } from "../projections/categories.ts";
import type { ReadModel } from "../projections/read-model.ts";
import type { Versions } from "../projections/version.ts";
import type { Identifier } from "../streams/identifier.ts";
import { allAtHead, lowestSequence } from "./catalog-health.ts";
import type { Floors } from "./gateway/floors.ts";
import { Problem } from "./problems.ts";

/**
 * The category tree as this thread last read it. It is small and changes seldom, so it is read at most a few times
 * a second, or after somebody heard that it changed or the node has shown a newer one; while the read models are being
 * made again or cannot be reached, the last whole tree stays.
 */
export interface TreeReader {
  /** As of `minSequence` at least, which is waited for a second; a tree that is behind then is degraded. */
  read(minSequence?: number): Promise<TreeNow>;
  /** The same, and read after it was asked for. */
  readAnew(minSequence?: number): Promise<TreeNow>;
  /** The newest event of any category that this node has shown. */
  floor(): number;
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
  let reading: Promise<TreeNow> | undefined;
  /** The reading behind the one under way, for all who asked meanwhile. */
  let following: Promise<TreeNow> | undefined;

  async function fromStore(): Promise<TreeNow> {
    const stored = await readModel.readCategoryEvents().catch(() => undefined);
    const headAt = stored && allAtHead(stored.positions, versions);
    const position = stored === undefined ? 0 : lowestSequence(stored.positions);
    // A store that came back as an older copy of itself goes on from there, and catches up.
    const wentBack = last !== undefined && position < last.position;
    const fresh = headAt !== undefined && now() - headAt <= freshnessMs && !wentBack;
    if (!fresh && last !== undefined) return { ...last, degraded: true };
    if (stored === undefined)
      throw new Problem("unavailable", "the read models cannot be reached; try again shortly");
    for (const { sequence } of stored.events) floors.raise(categories, sequence);
    const tree = foldTree(stored.events);
    const read = {
      tree,
      children: childrenByParent(tree),
      position,
      readAt: now(),
      knownAt: headAt,
      degraded: !fresh,
    };
    if (fresh) last = read;
    return read;
  }

  function readShared(): Promise<TreeNow> {
    reading ??= fromStore().finally(() => {
      reading = undefined;
    });
    return reading;
  }

  function readFollowing(): Promise<TreeNow> {
    if (reading === undefined) return readShared();
    following ??= reading
      .catch(() => {})
      .then(() => {
        following = undefined;
        return readShared();
      });
    return following;
  }

  async function reaching(minSequence: number, read: () => Promise<TreeNow>): Promise<TreeNow> {
    const until = now() + waitMs;
    for (;;) {
      const current = await read();
      if (current.position >= minSequence) return current;
      if (now() >= until) return { ...current, degraded: true };
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  return {
    async read(minSequence = 0) {
      if (last === undefined) return reaching(minSequence, readShared);
      // Another worker may have shown a newer one, which a reading that is under way may lack.
      if (last.position < floors.of(categories)) return reaching(minSequence, readFollowing);
      const isRecent = now() - last.readAt < rememberedMs;
      return isRecent && last.position >= minSequence ? last : reaching(minSequence, readShared);
    },
    readAnew: (minSequence = 0) => reaching(minSequence, readFollowing),
    floor: () => floors.of(categories),
  };
}
