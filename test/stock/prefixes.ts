import type { StoredMessage } from "../../streams/log.ts";

/**
 * The log of stock read by somebody who knows nothing of the product: one partition's messages, each prefix looked at. Counts
 * are taken at their word, so a trial that checks sums has one count for each product.
 */
export interface Prefixes {
  take(message: StoredMessage): void;
  /** What is wrong, with the sequence behind which it is so. */
  readonly wrong: readonly string[];
  /** Each reservation with how often a hold of it counted. */
  readonly accepted: ReadonlyMap<string, number>;
  /** The same with what was taken and what became of it. */
  readonly holds: ReadonlyMap<string, { readonly items: Items; readonly how: string }>;
  readonly products: ReadonlyMap<string, Readonly<Units>>;
  /** Messages that do not count. */
  readonly dead: () => number;
}

type Items = readonly [product: string, quantity: number, sale: string | null][];
type Units = { stock: number; held: number; sold: number; counted: number };
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
  const none: Units = { stock: 0, held: 0, sold: 0, counted: 0 };
  let last = 0;
  let dead = 0;

  function take({ sequence, payload }: StoredMessage): void {
    const said = JSON.parse(new TextDecoder().decode(payload)) as Said;
    if (said.after !== last) {
      dead++;
      return;
    }
    last = sequence;
    for (const [product, stock, counted] of said.counts) {
      const known = products.get(product);
      if (known === undefined) products.set(product, { stock, held: 0, sold: 0, counted });
      else if (known.counted !== counted) wrong.push(`${sequence}: ${product} is counted again`);
    }
    const touched = new Set<string>();
    const move = (items: Items, held: number, sold: number) => {
      for (const [product, quantity] of items) {
        const known = products.get(product) ?? none;
        products.set(product, {
          ...known,
          held: known.held + held * quantity,
          sold: known.sold + sold * quantity,
        });
        touched.add(product);
      }
    };
    for (const [reservation, how] of said.ends) {
      const hold = holds.get(reservation);
      if (hold?.how !== "open") continue;
      move(hold.items, -1, how === "sold" ? 1 : 0);
      holds.set(reservation, { ...hold, how });
    }
    for (const [reservation, , , items] of said.holds) {
      const room = ([product, quantity]: Items[number]) => {
        const { stock, held, sold } = products.get(product) ?? none;
        return stock - held - sold >= quantity;
      };
      if (holds.has(reservation) || !items.every(room)) continue;
      move(items, 1, 0);
      holds.set(reservation, { items, how: "open" });
      accepted.set(reservation, (accepted.get(reservation) ?? 0) + 1);
    }
    for (const product of touched) {
      const { stock, held, sold } = products.get(product) ?? none;
      if (held + sold > stock || held < 0)
        wrong.push(`${sequence}: ${product} has ${held} held, ${sold} sold of ${stock}`);
    }
  }

  return { take, wrong, accepted, holds, products, dead: () => dead };
}

export function lookAtEveryPrefix(messages: readonly StoredMessage[]): Prefixes {
  const prefixes = foldPrefixes();
  for (const message of messages) prefixes.take(message);
  return prefixes;
}
