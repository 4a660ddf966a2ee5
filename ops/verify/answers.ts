import { minorDigits } from "../../streams/currency.ts";
import { type Categories, type Category, childrenOf, withAncestors } from "./reference/categories.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { type Product, ratingOf, saleAt } from "./reference/product.ts";

/** The JSON that the contract promises readers, made from the reference at a moment. */

const time = (ms: number) => new Date(ms).toISOString();

export function priceAnswer(product: Product, now: number) {
  const { price, sales } = product;
  if (price === null) return null;
  const sale = saleAt(product, now);
  const amount = sale?.amount ?? price.amount;
  return {
    amount,
    currency: price.currency,
    display: display(amount, price.currency),
    list_amount: sale === undefined ? price.list_amount : price.amount,
    sale: sale === undefined ? null : { id: sale.sale_id, ends_at: time(sale.ends_at) },
    version: Math.max(price.sequence, sales?.sequence ?? 0),
    updated_at: time(Math.max(price.updated_at, sales?.updated_at ?? 0)),
  };
}

export function inventoryAnswer({ inventory }: Product) {
  return (
    inventory && {
      quantity: inventory.quantity,
      in_stock: inventory.quantity > 0,
      version: inventory.sequence,
      updated_at: time(inventory.updated_at),
    }
  );
}

function ratingAnswer(product: Product) {
  const { count, sum } = ratingOf(product);
  return { average: count === 0 ? null : Math.round((100 * sum) / count) / 100, count };
}

export function reviewsAnswer(product: Product) {
  const reviews = (product.reviews?.newest ?? []).map(({ sequence, posted_at, ...review }) => ({
    ...review,
    posted_at: time(posted_at),
    version: sequence,
  }));
  return { rating: ratingAnswer(product), reviews };
}

/** A product inside a list; nobody is listed who does not exist. */
export function summaryAnswer(product: Product, now: number) {
  const { id, details, inventory } = product;
  return {
    id,
    title: details?.title,
    brand: details?.brand,
    image: details?.images[0] ?? null,
    rating: ratingAnswer(product),
    price: priceAnswer(product, now),
    in_stock: inventory && inventory.quantity > 0,
  };
}

/** `variants`: undefined where the reference does not hold the whole group. */
export function productAnswer(
  product: Product,
  variants: readonly Product[] | undefined,
  view: "assembled" | "details",
  now: number,
) {
  const { id, details, price, sales, inventory, reviews } = product;
  if (details === null) return undefined;
  const { sequence, updated_at, ...document } = details;
  const values = view === "assembled" ? [reviews, price, sales, inventory] : [reviews];
  const shared = {
    id,
    ...document,
    rating: ratingAnswer(product),
    version: Math.max(sequence, ...values.map((value) => value?.sequence ?? 0)),
    updated_at: time(updated_at),
  };
  const shown = variants?.map((variant) => {
    const { price: itsPrice, in_stock, ...summary } = summaryAnswer(variant, now);
    const options = variant.details?.options;
    return view === "assembled"
      ? { ...summary, price: itsPrice, in_stock, options }
      : { ...summary, options };
  });
  return {
    ...shared,
    ...(shown && { variants: shown }),
    ...(view === "assembled" && { price: priceAnswer(product, now), inventory: inventoryAnswer(product) }),
  };
}

export function categoryAnswer(categories: Categories, category: Category) {
  const line = withAncestors(categories, category.id)
    .map((id) => categories.get(id))
    .filter((each) => each !== undefined);
  return {
    ...categoryNode(category),
    path: line.reverse().map(({ id, name }) => ({ id, name })),
    children: childrenOf(categories, category.id).map(categoryNode),
  };
}

export function treeAnswer(categories: Categories) {
  const branch = (parent: Identifier | null): object[] =>
    childrenOf(categories, parent).map((category) => ({
      ...categoryNode(category),
      children: branch(category.id),
    }));
  return { categories: branch(null) };
}

function categoryNode({ id, name, parent_id, position, sequence }: Category) {
  return { id, name, parent_id, position, version: sequence };
}

function display(amount: number, currency: string): string {
  const digits = minorDigits(currency);
  const units = BigInt(amount) / 10n ** BigInt(digits);
  const rest = String(BigInt(amount) % 10n ** BigInt(digits)).padStart(digits, "0");
  const style = {
    style: "currency",
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  } as const;
  const decimal = digits === 0 ? `${units}` : `${units}.${rest}`;
  return new Intl.NumberFormat("en", style).format(decimal as Intl.StringNumericLiteral);
}
