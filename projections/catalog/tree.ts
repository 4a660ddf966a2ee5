import type { Identifier } from "../../streams/identifier.ts";
import { allPartitions } from "../../streams/partition.ts";
import {
  type Category,
  type CategoryEvent,
  cycleProblem,
  evolveCategory,
  listsShowing,
} from "../categories.ts";
import type { BatchEntry, Refusal } from "../projection.ts";
import type { Fence, ListingPut, ReadModel } from "../read-model.ts";
import { sequenceOf, type Version, type Versions } from "../version.ts";

/**
 * The tree as the log has it at the place where the projector reads, and what a move within it does to the
 * listings of the projector's own partitions: every product shown below the moved category is shown anew.
 *
 * The tree's good events are kept beside the read models, so that a projector that resumes in the middle of
 * the log folds the tree as of just there, and judges a cycle as the first reader did.
 */
export interface Lists {
  /** The categories that the product names. */
  readonly direct: readonly Identifier[];
  /** These and all above them. */
  readonly shown: readonly Identifier[];
}

export interface TreeWriter {
  /** The lists that a product of these categories is in, by the tree as it is now. */
  listsOf(direct: readonly Identifier[]): Lists;
  load(sequence: number): Promise<void>;
  apply(entries: readonly BatchEntry[], fences: readonly Fence[]): Promise<readonly Refusal[]>;
}

/** Superseded events are dropped when they outnumber the living by this many. */
const supersededMax = 1_000;
const knownMax = 10_000;

export function createTreeWriter(options: {
  readonly readModel: ReadModel;
  readonly versions: Versions;
}): TreeWriter {
  const { readModel, versions } = options;
  const tree = new Map<Identifier, Category>();
  /** Products of one feed name the same few categories over and over. Empty whenever the tree has changed. */
  const known = new Map<string, Lists>();
  let kept = 0;

  async function showAnew(
    moved: ReadonlySet<Identifier>,
    sequence: number,
    fences: readonly Fence[],
  ): Promise<void> {
    // Partitions share nothing; one that fails is heard of when all are over.
    const shown = fences.map((fence) => showAnewIn(fence, moved, versions(sequence)));
    await Promise.allSettled(shown);
    await Promise.all(shown);
  }

  async function showAnewIn(fence: Fence, moved: ReadonlySet<Identifier>, version: Version): Promise<void> {
    const { partition } = fence;
    for (const category of moved) {
      for await (const ids of readModel.readShown(partition, category)) {
        const rows = await readModel.readRows(partition, ids);
        const puts: ListingPut[] = [];
        for (const [at, row] of rows.entries()) {
          const id = ids[at];
          if (id === undefined || row?.created === undefined) continue;
          const { created, group, direct } = row;
          puts.push({
            id,
            membership: { version, created, group, direct, shown: listsShowing(tree, direct) },
          });
        }
        await readModel.putRows(fence, puts);
      }
    }
  }

  /** Drops events that a later one replaced, once no partition can resume between the two. */
  async function compact(): Promise<void> {
    const positions = await readModel.positions("catalog", allPartitions);
    if (positions.size < allPartitions.length) return;
    const floor = Math.min(...[...positions.values()].map(({ version }) => sequenceOf(version)));
    const newest = new Map<Identifier, number>();
    const superseded: number[] = [];
    for (const { id, sequence } of (await readModel.readCategoryEvents()).events) {
      if (sequence > floor) continue;
      const earlier = newest.get(id);
      if (earlier !== undefined) superseded.push(earlier);
      newest.set(id, sequence);
    }
    await readModel.dropCategoryEvents(superseded);
    kept = tree.size;
  }

  return {
    listsOf(direct) {
      const key = direct.join("\n");
      let lists = known.get(key);
      if (lists === undefined) {
        lists = { direct, shown: listsShowing(tree, direct) };
        if (known.size >= knownMax) known.clear();
        known.set(key, lists);
      }
      return lists;
    },

    async load(sequence) {
      tree.clear();
      known.clear();
      const stored = await readModel.readCategoryEvents();
      const events = stored.events.filter((event) => event.sequence <= sequence);
      for (const event of events) tree.set(event.id, evolveCategory(tree.get(event.id), event));
      kept = events.length;
    },

    async apply(entries, fences) {
      const refused: Refusal[] = [];
      const good: CategoryEvent[] = [];
      const moved = new Set<Identifier>();
      for (const { message, decoded } of entries) {
        const event = decoded as CategoryEvent;
        const problem = cycleProblem(tree, event);
        if (problem !== undefined) {
          refused.push({ message, partition: event.partition, reason: problem });
          continue;
        }
        const before = tree.get(event.id);
        const after = evolveCategory(before, event);
        tree.set(event.id, after);
        known.clear();
        if ((before?.parent_id ?? null) !== after.parent_id) moved.add(event.id);
        good.push(event);
      }
      const [fence] = fences;
      if (fence !== undefined) await readModel.putCategoryEvents(fence, good);
      kept += good.length;
      const last = good.at(-1);
      if (last !== undefined && moved.size > 0) await showAnew(moved, last.sequence, fences);
      if (kept > tree.size + supersededMax) await compact();
      return refused;
    },
  };
}
