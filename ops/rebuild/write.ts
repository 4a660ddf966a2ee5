import type { Log } from "../../streams/log.ts";
import { replaceDerived } from "../../projections/derived.ts";
import type { CatalogueFold } from "../../projections/rebuild/catalogue-fold.ts";
import { derivedOf, registersOf, rowOf, saleIn } from "../../projections/rebuild/final-state.ts";
import type { FoldedProduct } from "../../projections/rebuild/folded-product.ts";
import { type Replacing, type ReviewsPut, salesFields } from "../../projections/redis/replacing.ts";
import type { Versions } from "../../projections/version.ts";

/** Writes what was folded over what stands: a few products at a time, so that nobody waits behind it for long. */
export interface WriteOptions {
  readonly fold: CatalogueFold;
  readonly replacing: Replacing;
  readonly derived: Log;
  readonly versions: Versions;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onWritten: (products: number) => void;
}

/** Products of one turn: Redis is busy with the longest script of it for about a third of a millisecond. */
const productsPerTurn = 40;

export async function writeProducts(
  { fold, replacing, derived, versions, now, onWritten }: WriteOptions,
  partition: number,
  products: readonly FoldedProduct[],
): Promise<void> {
  const place = versions(fold.sequence);
  for (let at = 0; at < products.length; at += productsPerTurn) {
    const turn = products.slice(at, at + productsPerTurn);
    await replacing.evictable(
      place,
      turn.flatMap((product) => [...registersOf(product, versions), ...reviewsOf(product, versions)]),
    );
    const rows = turn.map((product) => rowOf(product, fold, versions, now()));
    await replacing.rows(place, partition, rows);
    for (const { id, rating, given } of turn) {
      if (given !== undefined) await replacing.rating(place, { id, rating, given }, versions);
    }
    await Promise.all(turn.flatMap(derivedOf).map((put) => replaceDerived(derived, put, fold.sequence)));
    onWritten(turn.length);
  }
}

/** Each sale's items in one partition, and what the sales hold for each of its products. */
export async function writeSales(
  { fold, replacing, versions }: WriteOptions,
  partition: number,
): Promise<void> {
  const sales = [...fold.sales].flatMap(([id, sale]) => {
    const own = saleIn(sale, partition);
    return own === undefined ? [] : [[id, own] as const];
  });
  const held = [...fold.products.values()].flatMap(({ id, partition: of, sales: entries }) =>
    entries === undefined || of !== partition ? [] : [[id, entries] as const],
  );
  await replacing.sales(versions(fold.sequence), partition, salesFields(versions, sales, held));
}

function reviewsOf({ id, reviews }: FoldedProduct, versions: Versions): readonly ReviewsPut[] {
  if (reviews === undefined) return [];
  return [{ id, register: "reviews", version: versions(reviews.sequence), value: reviews }];
}
