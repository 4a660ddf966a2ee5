import type { Log } from "../../streams/log.ts";
import { createSlots } from "../../streams/slots.ts";
import { replaceDerived } from "../../projections/derived.ts";
import type { CatalogueFold } from "../../projections/rebuild/catalogue-fold.ts";
import { derivedOf, registersOf, rowOf, saleIn } from "../../projections/rebuild/final-state.ts";
import type { FoldedProduct } from "../../projections/rebuild/folded-product.ts";
import type { RegisterPut } from "../../projections/read-model.ts";
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

/** Products of one turn: Redis is busy with each of its two scripts for about a fifth of a millisecond. */
const productsPerTurn = 20;
/** Turns under way, so that Redis need not wait for us. */
const turnsAtOnce = 4;

export async function writeProducts(
  { fold, replacing, derived, versions, now, onWritten }: WriteOptions,
  partition: number,
  products: readonly FoldedProduct[],
): Promise<void> {
  const place = versions(fold.sequence);
  const slots = createSlots(turnsAtOnce);

  async function write(turn: readonly FoldedProduct[]): Promise<void> {
    const rated = turn.filter(({ given }) => given !== undefined);
    await Promise.all([
      replacing.evictable(
        place,
        turn.flatMap((product) => evictableOf(product, versions)),
      ),
      replacing.rows(
        place,
        partition,
        turn.map((product) => rowOf(product, fold, versions, now())),
      ),
      ...rated.map((product) => replacing.rating(place, product, versions)),
      ...turn.flatMap(derivedOf).map((put) => replaceDerived(derived, put, fold.sequence)),
    ]);
    onWritten(turn.length);
  }

  const turns: Promise<void>[] = [];
  for (let at = 0; at < products.length; at += productsPerTurn) {
    turns.push(slots.run(() => write(products.slice(at, at + productsPerTurn))));
  }
  await Promise.all(turns);
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

function evictableOf(product: FoldedProduct, versions: Versions): readonly (RegisterPut | ReviewsPut)[] {
  const { id, reviews } = product;
  const registers = registersOf(product, versions);
  if (reviews === undefined) return registers;
  return [...registers, { id, register: "reviews", version: versions(reviews.sequence), value: reviews }];
}
