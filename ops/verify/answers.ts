import { minorDigits } from "../../streams/currency.ts";
import { type Categories, type Category, childrenOf, withAncestors } from "./reference/categories.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { type Priced, type Product, ratingOf, saleAt, type Shown } from "./reference/product.ts";

/** The JSON that the contract promises readers, made from the reference at a moment. */

const time = (ms: number) => new Date(ms).toISOString();

export function priceAnswer(product: Priced, now: number) {
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

export function inventoryAnswer({ inventory }: Pick<Shown, "inventory">) {
  return (
    inventory && {
      quantity: inventory.quantity,
      in_stock: inventory.quantity > 0,
      version: inventory.sequence,
      updated_at: time(inventory.updated_at),
    }
  );
}

export function ratingAnswer(rating: { readonly count: number; readonly sum: number } | null) {
  const { count, sum } = rating ?? { count: 0, sum: 0 };
  return { average: count === 0 ? null : Math.round((100 * sum) / count) / 100, count };
}

export function reviewsAnswer(product: Product) {
  const reviews = (product.reviews?.newest ?? []).map(({ sequence, posted_at, ...review }) => ({
    ...review,
    posted_at: time(posted_at),
    version: sequence,
  }));
  return { rating: ratingAnswer(ratingOf(product)), reviews };
}

/** A product inside a list; nobody is listed who does not exist. */
export function summaryAnswer(product: Shown, now: number) {
  const { id, details, inventory, rating } = product;
  return {
    id,
    title: details?.title,
    brand: details?.brand,
    image: details?.images[0] ?? null,
    rating: ratingAnswer(rating),
    price: priceAnswer(product, now),
    in_stock: inventory && inventory.quantity > 0,
  };
}

/** The document that was published, as the product's answer has it. */
export function detailsAnswer({ id, details }: Shown) {
  if (details === null) return undefined;
  const { sequence: _, updated_at, ...document } = details;
  return { id, ...document, updated_at: time(updated_at) };
}

/** `variants`: undefined where the reference does not hold the whole group. */
export function productAnswer(
  product: Shown,
  variants: readonly Shown[] | undefined,
  view: "assembled" | "details",
  now: number,
) {
  const { details, price, sales, inventory, rating } = product;
  if (details === null) return undefined;
  const values = view === "assembled" ? [rating, price, sales, inventory] : [rating];
  const shared = {
    ...detailsAnswer(product),
    rating: ratingAnswer(rating),
    version: Math.max(details.sequence, ...values.map((value) => value?.sequence ?? 0)),
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
  const decimal = digits === 0 ? `${units}` : `${units}.${rest}`;
  return formatOf(currency, digits).format(decimal as Intl.StringNumericLiteral);
}

/** By currency: to make one takes longer than all else about an answer. */
const formats = new Map<string, Intl.NumberFormat>();

function formatOf(currency: string, digits: number): Intl.NumberFormat {
  const known = formats.get(currency);
  if (known !== undefined) return known;
  const style = {
    style: "currency",
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  } as const;
  const format = new Intl.NumberFormat("en", style);
  formats.set(currency, format);
  return format;
}
