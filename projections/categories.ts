import type { EventOf } from "../streams/events.ts";
import type { Identifier } from "../streams/identifier.ts";

/**
 * The category tree. A parent may be named before it exists; its child is a root until then. A change that
 * would make a category its own ancestor is no change: it is a bad event, and `cycleProblem` says so before
 * anyone evolves.
 */

// Identity: the one tree. Events: category.modified.

export type CategoryEvent = EventOf<"category.modified">;

// State

export type CategoryTree = ReadonlyMap<Identifier, Category>;

export interface Category {
  readonly id: Identifier;
  readonly name: string;
  readonly parent_id: Identifier | null;
  readonly position: number;
  readonly sequence: number;
}

// Evolve

export function evolveCategory(state: Category | undefined, event: CategoryEvent): Category {
  if (state !== undefined && event.sequence <= state.sequence) return state;
  const { name, parent_id, position } = event.data;
  return {
    id: event.id,
    name,
    parent_id: parent_id ?? null,
    position: position ?? 0,
    sequence: event.sequence,
  };
}

/** The tree after the events, in the order of the log; those that would close a cycle change nothing. */
export function foldTree(events: Iterable<CategoryEvent>): CategoryTree {
  const tree = new Map<Identifier, Category>();
  for (const event of events) {
    if (cycleProblem(tree, event) === undefined)
      tree.set(event.id, evolveCategory(tree.get(event.id), event));
  }
  return tree;
}

// Queries

/** Why the event cannot be: the new parent lies below the category. */
export function cycleProblem(tree: CategoryTree, event: CategoryEvent): string | undefined {
  let at = event.data.parent_id ?? null;
  for (let steps = 0; at !== null && steps <= tree.size + 1; steps++) {
    if (at === event.id) {
      return `parent_id: "${event.data.parent_id}" lies below "${event.id}"; a category cannot be its own ancestor`;
    }
    at = tree.get(at)?.parent_id ?? null;
  }
  return undefined;
}

/** The category and everything above it, itself first. A category that is not in the tree stands alone. */
export function lineage(tree: CategoryTree, id: Identifier): readonly Identifier[] {
  const line = [id];
  for (let at = tree.get(id)?.parent_id ?? null; at !== null; at = tree.get(at)?.parent_id ?? null)
    line.push(at);
  return line;
}

/** Every category whose list shows a product of `ids`: those and all above them, each once, sorted. */
export function listsShowing(tree: CategoryTree, ids: readonly Identifier[]): readonly Identifier[] {
  return [...new Set(ids.flatMap((id) => lineage(tree, id)))].sort();
}

/** Children of each category, by position, then name, then id. Roots are under null. */
export function childrenByParent(tree: CategoryTree): ReadonlyMap<Identifier | null, readonly Category[]> {
  const children = new Map<Identifier | null, Category[]>();
  for (const category of tree.values()) {
    const parent = category.parent_id !== null && tree.has(category.parent_id) ? category.parent_id : null;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [category]);
    else siblings.push(category);
  }
  const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  for (const siblings of children.values()) {
    siblings.sort((a, b) => a.position - b.position || byText(a.name, b.name) || byText(a.id, b.id));
  }
  return children;
}
