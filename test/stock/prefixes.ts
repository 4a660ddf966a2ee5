import type { StoredMessage } from "../../streams/log.ts";

/**
 * The log of stock read by somebody who knows nothing of the product: one partition's messages, each prefix looked at. All
 * that stands in a commit which counts is taken at its word, also what the product's own fold would not let count: a hold
 * without room for it, or the second one of a reservation. So a trial that checks sums has one count for each product.
 */
export interface Prefixes {
  take(message: StoredMessage): void;
  /** What is wrong, with the sequence behind which it is so. */
  readonly wrong: readonly string[];
  /** Each reservation with how often a hold of it counted. */
  readonly accepted: ReadonlyMap<string, number>;
  /** The same with what it took, and how it ended: `open` while it has not. */
  readonly holds: ReadonlyMap<string, { readonly items: Items; readonly how: string }>;
  readonly products: ReadonlyMap<string, Readonly<Units>>;
  /** Messages that do not count. */
  readonly dead: () => number;
}

type Items = readonly [product: string, quantity: number, sale: string | null][];
type Units = { stock: number; held: number; sold: number };
interface Said {
  readonly after: number;
  readonly counts: [product: string, quantity: number, sequence: number][];
  readonly ends: [reservation: string, how: string][];
  readonly holds: [reservation: string, buyer: string, until: number, items: Items][];
}

export function foldPrefixes(): Prefixes {
  const wrong: string[] = [];
  const accepted = new Map<string, number>();
  const holds = new Map<string, { readonly items: Items; readonly how: string }>();
  const products = new Map<string, Units>();
  const countedBy = new Map<string, number>();
  let last = 0;
  let dead = 0;

  function take({ sequence, payload }: StoredMessage): void {
    const said = JSON.parse(new TextDecoder().decode(payload)) as Said;
    if (said.after !== last) {
      dead++;
      return;
    }
    last = sequence;
    for (const [product, stock, event] of said.counts) {
      if (!products.has(product)) products.set(product, { stock, held: 0, sold: 0 });
      else if (countedBy.get(product) !== event) wrong.push(`${sequence}: ${product} is counted again`);
      countedBy.set(product, event);
    }
    for (const [reservation, how] of said.ends) {
      const hold = holds.get(reservation);
      if (hold?.how !== "open") continue;
      holds.set(reservation, { ...hold, how });
      for (const [product, quantity] of hold.items) move(product, -quantity, how === "sold" ? quantity : 0);
    }
    for (const [reservation, , , items] of said.holds) {
      holds.set(reservation, { items, how: "open" });
      accepted.set(reservation, (accepted.get(reservation) ?? 0) + 1);
      for (const [product, quantity] of items) move(product, quantity, 0);
    }
    for (const [product, { stock, held, sold }] of products)
      if (held + sold > stock || held < 0)
        wrong.push(`${sequence}: ${product} has ${held} held, ${sold} sold of ${stock}`);
  }

  function move(product: string, held: number, sold: number): void {
    const known = products.get(product) ?? { stock: 0, held: 0, sold: 0 };
    products.set(product, { ...known, held: known.held + held, sold: known.sold + sold });
  }

  return { take, wrong, accepted, holds, products, dead: () => dead };
}

export function lookAtEveryPrefix(messages: readonly StoredMessage[]): Prefixes {
  const prefixes = foldPrefixes();
  for (const message of messages) prefixes.take(message);
  return prefixes;
}
