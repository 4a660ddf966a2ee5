import type { Identifier } from "../../streams/identifier.ts";
import type { ListingSort } from "../../projections/read-model.ts";
import { shownIn } from "./compare-rows.ts";
import type { Reference } from "./reference/fold.ts";
import { amountAt, type Product } from "./reference/product.ts";

/** The lists that readers see, made from the reference. */

export type Lists = ReadonlyMap<Identifier, readonly Product[]>;

/** By category, the products that its list shows. */
export function listsOf(reference: Reference): Lists {
  const lists = new Map<Identifier, Product[]>();
  for (const id of reference.everListed) lists.set(id, []);
  for (const product of reference.products.values()) {
    for (const category of shownIn(product, reference)) lists.get(category)?.push(product);
  }
  return lists;
}

/** By group, the active members in the order of their identifiers' bytes. */
export function groupsOf(reference: Reference): Lists {
  const groups = new Map<Identifier, Product[]>();
  for (const id of reference.everGrouped) groups.set(id, []);
  for (const product of reference.products.values()) {
    const { details } = product;
    if (details?.status === "active" && details.group_id !== null)
      groups.get(details.group_id)?.push(product);
  }
  for (const members of groups.values()) members.sort(byBytes);
  return groups;
}

/** In the order of the sort at this moment; a product without a price comes last. */
export function inOrder(products: readonly Product[], sort: ListingSort, now: number): readonly Product[] {
  if (sort === "newest") return [...products].sort((a, b) => (b.firstSeen ?? 0) - (a.firstSeen ?? 0));
  const direction = sort === "price_asc" ? 1 : -1;
  const priced = products.map((product) => ({ product, amount: amountAt(product, now) }));
  priced.sort((a, b) => {
    const either = Number(a.amount === null) - Number(b.amount === null);
    return either || direction * ((a.amount ?? 0) - (b.amount ?? 0) || byBytes(a.product, b.product));
  });
  return priced.map(({ product }) => product);
}

function byBytes(a: Product, b: Product): number {
  return Buffer.compare(Buffer.from(a.id), Buffer.from(b.id));
}
