import type { StoredMessage } from "../../streams/log.ts";

/**
 * The log of stock read by somebody who knows nothing of the product: one partition's messages, each prefix looked at. Counts
 * are taken at their word, so a trial that checks sums has one count for each product.
 */
export interface Found {
  /** What is wrong, with the sequence behind which it is so. */
  readonly wrong: readonly string[];
  /** Each reservation with how often a hold of it counted. */
  readonly accepted: ReadonlyMap<string, number>;
  readonly products: ReadonlyMap<
    string,
    { readonly stock: number; readonly held: number; readonly sold: number }
  >;
}

type Items = [product: string, quantity: number, sale: string | null][];
interface Said {
  readonly after: number;
  readonly counts: [product: string, quantity: number, sequence: number][];
  readonly ends: [reservation: string, how: string][];
  readonly holds: [reservation: string, buyer: string, until: number, items: Items][];
}

export function lookAtEveryPrefix(messages: readonly StoredMessage[]): Found {
  const wrong: string[] = [];
  const accepted = new Map<string, number>();
  const products = new Map<string, { stock: number; held: number; sold: number }>();
  const open = new Map<string, Items>();
  const over = new Set<string>();
  let last = 0;
  for (const { sequence, payload } of messages) {
    const said = JSON.parse(new TextDecoder().decode(payload)) as Said;
    if (said.after !== last) continue;
    last = sequence;
    for (const [product, quantity] of said.counts) {
      if (products.has(product)) wrong.push(`${sequence}: ${product} is counted again`);
      else products.set(product, { stock: quantity, held: 0, sold: 0 });
    }
    for (const [reservation, how] of said.ends) {
      for (const [product, quantity] of open.get(reservation) ?? []) {
        const known = products.get(product);
        if (known === undefined) continue;
        known.held -= quantity;
        if (how === "sold") known.sold += quantity;
      }
      if (open.delete(reservation)) over.add(reservation);
    }
    for (const [reservation, , , items] of said.holds) {
      const room = ([product, quantity]: Items[number]) => {
        const { stock = 0, held = 0, sold = 0 } = products.get(product) ?? {};
        return stock - held - sold >= quantity;
      };
      if (open.has(reservation) || over.has(reservation) || !items.every(room)) continue;
      open.set(reservation, items);
      accepted.set(reservation, (accepted.get(reservation) ?? 0) + 1);
      for (const [product, quantity] of items) {
        const known = products.get(product);
        if (known !== undefined) known.held += quantity;
      }
    }
    for (const [product, { stock, held, sold }] of products)
      if (held + sold > stock || held < 0)
        wrong.push(`${sequence}: ${product} has ${held} held, ${sold} sold of ${stock}`);
  }
  return { wrong, accepted, products };
}
