import type { Identifier } from "../../../streams/identifier.ts";

/** The category tree as the reference holds it. A parent may be named before it exists. */
export interface Category {
  readonly id: Identifier;
  readonly name: string;
  readonly parent_id: Identifier | null;
  readonly position: number;
  readonly sequence: number;
}

export type Categories = ReadonlyMap<Identifier, Category>;

/** A category and all above it. The tree has no cycle, because an event that would close one is bad. */
export function withAncestors(categories: Categories, id: Identifier): readonly Identifier[] {
  const line = [id];
  let parent = categories.get(id)?.parent_id ?? null;
  while (parent !== null) {
    line.push(parent);
    parent = categories.get(parent)?.parent_id ?? null;
  }
  return line;
}

/** What is directly below a category, or the roots: by position, then name, then identifier. */
export function childrenOf(categories: Categories, parent: Identifier | null): readonly Category[] {
  const textually = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return [...categories.values()]
    .filter(
      ({ parent_id }) => (parent_id !== null && categories.has(parent_id) ? parent_id : null) === parent,
    )
    .sort((a, b) => a.position - b.position || textually(a.name, b.name) || textually(a.id, b.id));
}
