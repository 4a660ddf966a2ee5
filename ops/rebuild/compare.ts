import type { Identifier } from "../../streams/identifier.ts";
import type { CatalogueFold } from "../../projections/rebuild/catalogue-fold.ts";
import { rowOf } from "../../projections/rebuild/final-state.ts";
import type { FoldedProduct } from "../../projections/rebuild/folded-product.ts";
import type {
  ListingPut,
  ListingRow,
  ProductRead,
  ReadModel,
  Versioned,
} from "../../projections/read-model.ts";
import { amountAt } from "../../projections/sales.ts";
import { sequenceOf, type Version, type Versions } from "../../projections/version.ts";
import { type Changes, changesBetween } from "./changes.ts";

/** What a rebuild would change: the folded products beside what stands. What has moved on since is passed over. */
export interface ChangedProduct {
  readonly product: Identifier;
  /** By field, such as `product.title` or `price.amount`. */
  readonly changes: Changes;
}

export interface CompareOptions {
  readonly fold: CatalogueFold;
  readonly readModel: ReadModel;
  readonly versions: Versions;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const productsPerRead = 100;
/** A sale that began or ended this short a time ago may still be on its way into the listings. */
const boundaryMs = 5_000;

export async function* compareProducts(options: CompareOptions): AsyncIterable<ChangedProduct> {
  const { fold, readModel } = options;
  for (const [partition, group] of Map.groupBy(fold.products.values(), (product) => product.partition)) {
    for (let at = 0; at < group.length; at += productsPerRead) {
      const products = group.slice(at, at + productsPerRead);
      const ids = products.map(({ id }) => id);
      const [reads, reviews, rows] = await Promise.all([
        readModel.readProducts(ids),
        readModel.readReviews(ids),
        readModel.readRows(partition, ids),
      ]);
      for (const [place, product] of products.entries()) {
        const changes = {
          ...ofRead(product, reads[place], fold.sequence),
          ...ofRegister("reviews", reviews[place], product.reviews, fold.sequence),
          ...ofRow(product, rows[place], options),
        };
        if (Object.keys(changes).length > 0) yield { product: product.id, changes };
      }
    }
  }
}

function ofRead(product: FoldedProduct, read: ProductRead | undefined, last: number): Changes {
  if (read === undefined) return {};
  const changes: Changes[] = [
    ofRegister("product", read.product, product.details, last),
    ofRegister("price", read.price, product.price, last),
    ofRegister("inventory", read.inventory, product.inventory, last),
  ];
  if ((read.rating?.sequence ?? 0) <= last) {
    changes.push(changesBetween("rating", read.rating, product.rating));
  }
  if ((read.sales?.sequence ?? 0) <= last) changes.push(changesBetween("sales", read.sales, product.sales));
  return Object.assign({}, ...changes);
}

/** An absent register is no change: a miss makes it with whichever fold reads it. */
function ofRegister(
  name: string,
  standing: Versioned<unknown> | undefined,
  folded: unknown,
  last: number,
): Changes {
  if (standing === undefined || sequenceOf(standing.version) > last) return {};
  return changesBetween(name, standing.value ?? undefined, folded);
}

function ofRow(
  product: FoldedProduct,
  row: ListingRow | undefined,
  { fold, versions, now }: CompareOptions,
): Changes {
  const { membership, pricing } = rowOf(product, fold, versions, now());
  const isOld = (version: Version | undefined) =>
    version === undefined || sequenceOf(version) <= fold.sequence;
  const changes: Changes[] = [];
  if (isOld(row?.membership)) {
    const shape = (of: Partial<NonNullable<ListingPut["membership"]>>) => {
      const { created, group, direct, shown } = of;
      return { created, group, direct, shown };
    };
    const standing = row?.membership === undefined ? undefined : shape({ ...row, created: row.created ?? 0 });
    changes.push(changesBetween("listing", standing, membership && shape(membership)));
  }
  const { price, sales } = product;
  const settled =
    price === undefined || amountAt(price, sales, now()) === amountAt(price, sales, now() - boundaryMs);
  if (isOld(row?.priced) && settled) {
    changes.push(changesBetween("listing.amount", row?.amount, pricing?.amount));
  }
  return Object.assign({}, ...changes);
}
