import { foldTree, lineage } from "../../projections/categories.ts";
import type { ReadModel } from "../../projections/read-model.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { Touched } from "./touched.ts";

/** How answers are tagged: the API decides it, and whoever wires the actor passes it in. */
export interface TagNames {
  product(id: Identifier): string;
  category(id: Identifier): string;
}

export type TagSources = Pick<ReadModel, "readGroup" | "readCategoryEvents">;

/** The tags of what was touched that are known without asking anybody. */
export const ownTags = ({ products, lists }: Touched, names: TagNames): ReadonlySet<string> =>
  new Set([...[...products].map(names.product), ...[...lists].map(names.category)]);

/**
 * The tags of whatever else shows what was touched. Costs a read of the store for each group, and one where the tree is
 * concerned; throws where the store does not answer.
 */
export async function askedTags(
  { groups, branches }: Pick<Touched, "groups" | "branches">,
  names: TagNames,
  sources: TagSources,
): Promise<ReadonlySet<string>> {
  const tags = new Set<string>();
  const gathered = await Promise.all([...groups].map((group) => sources.readGroup(group)));
  for (const { ids } of gathered) for (const id of ids) tags.add(names.product(id));
  if (branches.size > 0) {
    for (const category of await branchesOf(branches, sources)) tags.add(names.category(category));
  }
  return tags;
}

/**
 * These categories and all above them: as the tree is, and from every parent that they ever had, since the page of the
 * one before shows them as well. A root has nothing above it but the tree as a whole, which carries the tags of the
 * roots: with one of them all are purged, so that a new one finds the tree.
 */
async function branchesOf(
  changed: ReadonlySet<Identifier>,
  sources: TagSources,
): Promise<ReadonlySet<Identifier>> {
  const { events } = await sources.readCategoryEvents();
  const tree = foldTree(events);
  const all = new Set<Identifier>();
  const climb = (id: Identifier) => {
    for (const each of lineage(tree, id)) all.add(each);
  };
  for (const id of changed) climb(id);
  for (const { id, data } of events) if (changed.has(id) && data.parent_id != null) climb(data.parent_id);
  const roots = [...tree.values()].filter(({ parent_id }) => parent_id === null || !tree.has(parent_id));
  if (roots.some(({ id }) => changed.has(id))) for (const { id } of roots) all.add(id);
  return all;
}
