import type { Aspects } from "../../projections/aspects.ts";
import { type Change, readName } from "../../projections/changes.ts";
import type { Event } from "../../streams/events.ts";
import { type Identifier, parseIdentifier } from "../../streams/identifier.ts";

/** What a change touches at an edge, before anybody knows by which tags. */
export interface Touched {
  readonly products: Set<Identifier>;
  /** Groups that a product joined: every page that shows a member now shows it. */
  readonly groups: Set<Identifier>;
  /** Categories whose list changed. */
  readonly lists: Set<Identifier>;
  /** Categories that changed with whatever is above them. */
  readonly branches: Set<Identifier>;
}

export const untouched = (): Touched => ({
  products: new Set(),
  groups: new Set(),
  lists: new Set(),
  branches: new Set(),
});

/** Adds to `all` what was touched besides. */
export function mergeTouched(all: Touched, more: Touched): void {
  for (const part of ["products", "groups", "lists", "branches"] as const)
    for (const id of more[part]) all[part].add(id);
}

/**
 * What a word names, of products those with an aspect among `shown`. The order of a list by price is none of it. Anybody
 * in the cluster may say a word: what cannot be an identifier is passed over, since no provider would take its tag.
 */
export function touchedByWord({ products, names }: Change, shown: Aspects): Touched {
  const touched = untouched();
  for (const [id, aspects] of products ?? []) {
    if ((aspects & shown) !== 0 && parseIdentifier(id) !== undefined) touched.products.add(id);
  }
  for (const { kind, id } of names.flatMap((name) => readName(name) ?? [])) {
    if (kind === "group") touched.groups.add(id);
    else if (kind === "members") touched.lists.add(id);
    else if (kind === "category") touched.branches.add(id);
  }
  return touched;
}

/**
 * What an event may have touched, as far as the event itself says. A quantity may have changed the stock status. Lists
 * and groups that a product left show it, and are found by the product's own tag. `soldIn`: the products of the sale, where
 * the event is about one.
 */
export function touchByEvent(touched: Touched, event: Event, soldIn: readonly Identifier[]): void {
  switch (event.kind) {
    case "product.modified":
      touched.products.add(event.id);
      if (event.data.group_id != null) touched.groups.add(event.data.group_id);
      for (const category of event.data.category_ids ?? []) touched.branches.add(category);
      break;
    case "price.updated":
    case "inventory.changed":
    case "review.posted":
      touched.products.add(event.id);
      break;
    case "sale.scheduled":
    case "sale.cancelled":
      for (const product of soldIn) touched.products.add(product);
      break;
    case "category.modified":
      touched.branches.add(event.id);
      break;
    default:
    // The home page's shelves, and what users did, are on no page that is purged.
  }
}
