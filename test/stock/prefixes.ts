import type { StoredMessage } from "../../streams/log.ts";

/**
 * The log of stock read by somebody who knows nothing of the product: one partition's messages, each prefix looked at. All
 * that stands in a commit which counts is taken at its word, also what the product's own fold would not let count: a hold
 * without room for it, or the second one of a reservation. So a trial that checks sums sees what is wrong with either.
 *
 * Held and sold are never more than what was counted, with one exception: a count may say less than what is on hold, and
 * until that is used up nothing more is taken.
 */
export interface Prefixes {
  take(message: StoredMessage): void;
  /** What is wrong, with the sequence behind which it is so. */
  readonly wrong: readonly string[];
  /** Each hold with how often it counted: by its reservation, and behind a `.` which taking it is, from the second one on. */
  readonly accepted: ReadonlyMap<string, number>;
  /** The same with what it took, and how it ended: `open` while it has not. */
  readonly holds: ReadonlyMap<string, Hold>;
  readonly products: ReadonlyMap<string, Units>;
  /** Those that changed something, in order. */
  readonly counts: readonly Counted[];
  /** Messages that do not count. */
  readonly dead: () => number;
}

export interface Hold {
  readonly items: Items;
  readonly how: string;
}

/** `stock`: what was counted last, with what had been sold before. */
interface Units {
  readonly stock: number;
  readonly held: number;
  readonly sold: number;
}

export interface Counted {
  readonly product: string;
  readonly quantity: number;
  /** In CATALOG. */
  readonly event: number;
  /** What there was of it when it was forgotten, where this is the first count after that. */
  readonly forgotten: number | undefined;
  /** How many units were on hold for which it leaves nothing. */
  readonly missing: number;
}

type Items = readonly [product: string, quantity: number, sale: string | null][];
interface Said {
  readonly after: number;
  readonly counts: [product: string, quantity: number, sequence: number][];
  readonly forgets: string[];
  readonly ends: [reservation: string, taking: number, how: string][];
  readonly holds: [reservation: string, taking: number, buyer: string, until: number, items: Items][];
}

const nameOf = (reservation: string, taking: number) =>
  taking === 0 ? reservation : `${reservation}.${taking}`;

export function foldPrefixes(): Prefixes {
  const wrong: string[] = [];
  const accepted = new Map<string, number>();
  const holds = new Map<string, Hold>();
  const products = new Map<string, Units>();
  const counts: Counted[] = [];
  const newest = new Map<string, number>();
  const forgotten = new Map<string, number>();
  /** What held and sold may come to. */
  const bounds = new Map<string, number>();
  let last = 0;
  let dead = 0;

  function take({ sequence, payload }: StoredMessage): void {
    const said = JSON.parse(new TextDecoder().decode(payload)) as Said;
    if (said.after !== last) {
      dead++;
      return;
    }
    last = sequence;
    for (const [product, quantity, event] of said.counts) count(product, quantity, event);
    for (const product of said.forgets) {
      const { stock, held, sold } = move(product, 0, 0);
      if (held > 0) wrong.push(`${sequence}: ${product} is forgotten with ${held} held`);
      forgotten.set(product, stock - sold);
      newest.delete(product);
      products.set(product, { stock: sold, held, sold });
    }
    for (const [reservation, taking, how] of said.ends)
      for (let each = 0; each <= taking; each++)
        end(nameOf(reservation, each), each < taking ? "expired" : how);
    for (const [product, { stock, held, sold }] of products)
      bounds.set(product, Math.max(stock, Math.min(bounds.get(product) ?? 0, held + sold)));
    for (const [reservation, taking, , , items] of said.holds) {
      const name = nameOf(reservation, taking);
      holds.set(name, { items, how: "open" });
      accepted.set(name, (accepted.get(name) ?? 0) + 1);
      for (const [product, quantity] of items) move(product, quantity, 0);
    }
    for (const [product, { stock, held, sold }] of products)
      if (held + sold > (bounds.get(product) ?? 0) || held < 0)
        wrong.push(`${sequence}: ${product} has ${held} held, ${sold} sold of ${stock}`);
  }

  /** One that is not newer than the last changes nothing. */
  function count(product: string, quantity: number, event: number): void {
    if (event <= (newest.get(product) ?? 0)) return;
    newest.set(product, event);
    const { held, sold } = move(product, 0, 0);
    products.set(product, { stock: quantity + sold, held, sold });
    bounds.set(product, Math.max(quantity, held) + sold);
    const missing = Math.max(0, held - quantity);
    counts.push({ product, quantity, event, forgotten: forgotten.get(product), missing });
    forgotten.delete(product);
  }

  function end(name: string, how: string): void {
    const hold = holds.get(name);
    if (hold?.how !== "open") return;
    holds.set(name, { ...hold, how });
    for (const [product, quantity] of hold.items) move(product, -quantity, how === "sold" ? quantity : 0);
  }

  function move(product: string, held: number, sold: number): Units {
    const known = products.get(product) ?? { stock: 0, held: 0, sold: 0 };
    const moved = { ...known, held: known.held + held, sold: known.sold + sold };
    products.set(product, moved);
    return moved;
  }

  return { take, wrong, accepted, holds, products, counts, dead: () => dead };
}

export function lookAtEveryPrefix(messages: readonly StoredMessage[]): Prefixes {
  const prefixes = foldPrefixes();
  for (const message of messages) prefixes.take(message);
  return prefixes;
}
