import { tokenOf } from "../../streams/identifier.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { partitionOf } from "../../streams/partition.ts";
import { listsShowing } from "../categories.ts";
import type { DerivedPut } from "../derived.ts";
import { groupOf, listedIn } from "../details.ts";
import { pricingAt } from "../pricing.ts";
import type { ListingPut, RegisterName, RegisterPut } from "../read-model.ts";
import type { Sale } from "../sales.ts";
import type { Versions } from "../version.ts";
import type { CatalogueFold } from "./catalogue-fold.ts";
import { type FoldedProduct, registerValue } from "./folded-product.ts";

/** What a folded product comes to in the read models and in the derived stream. */

const registers: readonly RegisterName[] = ["product", "price", "inventory"];

/** The registers about which the log says anything; null where nothing that it says is good. */
export function registersOf(product: FoldedProduct, versions: Versions): readonly RegisterPut[] {
  return registers.flatMap((register) => {
    const value = registerValue(product, register);
    if (value === undefined && product.bad?.has(register) !== true) return [];
    return [
      {
        id: product.id,
        register,
        version: versions(value?.sequence ?? 0),
        value: value ?? null,
      } as RegisterPut,
    ];
  });
}

/** Its line in the listings, as of the tree and the moment; a part that it has not is absent. */
export function rowOf(
  { id, details, created, price, sales }: FoldedProduct,
  { tree, treeSequence }: CatalogueFold,
  versions: Versions,
  now: number,
): ListingPut {
  const direct = details === undefined ? [] : listedIn(details);
  return {
    id,
    membership: details && {
      // Lists are as of the tree: two rebuilds at once tell by it whose row is newer.
      version: versions(Math.max(details.sequence, treeSequence)),
      created: created ?? details.sequence,
      group: groupOf(details),
      direct,
      shown: listsShowing(tree, direct),
    },
    pricing: price && pricingAt(versions, price, sales, now),
  };
}

/** What the derived stream should hold of it. */
export function derivedOf(product: FoldedProduct): readonly DerivedPut[] {
  const { id, rating, reviews, sales, bad } = product;
  const puts: DerivedPut[] = [];
  if (rating !== undefined && reviews !== undefined) {
    const value = { rating, newest: reviews.newest, sequence: reviews.sequence };
    puts.push({ name: "reviews", id, value });
  }
  if (sales !== undefined) puts.push({ name: "sales", id, value: sales });
  for (const [register, sequence] of bad ?? []) {
    const value = registerValue(product, register) ?? null;
    puts.push({ name: `good.${register}`, id, value: { value, sequence } } as DerivedPut);
  }
  return puts;
}

/** The part of a sale that a partition holds; undefined where it never named a product of it. */
export function saleIn(sale: Sale, partition: number): Sale | undefined {
  const own = (id: Identifier) => partitionOf(tokenOf(id)) === partition;
  const named = sale.named.filter(own);
  if (named.length === 0) return undefined;
  return { ...sale, items: sale.items.filter(({ product_id }) => own(product_id)), named };
}
