import type { Identifier } from "../../streams/identifier.ts";
import type { Count } from "../../streams/stock-commit.ts";
import type { Stock } from "./stock.ts";
import type { HoldRequest } from "./stock-port.ts";

/** What the newest good event of CATALOG about a product's stock says, from the leader. */
export interface Counted {
  readonly quantity: number;
  readonly sequence: number;
  /** A keeper's own word of what can be bought, by which nothing was counted. */
  readonly own: boolean;
}

/** Undefined where there is no such event. Throws `LogUnavailable` where the log does not answer. */
export type QuantityOf = (product: Identifier) => Promise<Counted | undefined>;

export interface Looked {
  readonly counts: readonly Count[];
  /** Products that CATALOG says nothing about. */
  readonly absent: ReadonlySet<Identifier>;
}

/**
 * How CATALOG's counts come into the stock: a product that nobody has asked for is looked up when the first one does, one
 * that is kept here follows what is heard, and who has seen a newer event than that waits until it is looked up.
 */
export interface Counting {
  /** Of a product that is not kept here it is of no use. */
  hear(product: Identifier, counted: Counted): void;
  /** What was heard and is not in the stock yet. */
  heard(): readonly Count[];
  /** What the stock lacks for the request: nothing, mostly. */
  lookUp(request: HoldRequest): Promise<Looked>;
  /** Up to where in CATALOG everything that was said of the product is known here; 0 for nowhere. */
  knownTo(product: Identifier): number;
}

export function createCounting(stock: Stock, quantityOf: QuantityOf): Counting {
  const pending = new Map<Identifier, Count>();
  /** Up to where in CATALOG nothing but keepers' own words was said of a product since it was counted. */
  const own = new Map<Identifier, number>();
  const underWay = new Map<Identifier, Promise<Counted | undefined>>();

  function knownTo(product: Identifier): number {
    const counted = stock.products.get(product)?.counted ?? 0;
    return Math.max(counted, pending.get(product)?.sequence ?? 0, own.get(product) ?? 0);
  }

  const isKnown = (product: Identifier, sequence: number) =>
    stock.products.has(product) && knownTo(product) >= sequence;

  async function look(product: Identifier, seen: number): Promise<Counted | undefined> {
    const shared = underWay.get(product);
    const found = await (shared ?? ask(product));
    // One that began before the event that was seen need not know of it.
    return shared !== undefined && (found?.sequence ?? 0) < seen ? ask(product) : found;
  }

  function ask(product: Identifier): Promise<Counted | undefined> {
    const asked = quantityOf(product).finally(() => {
      if (underWay.get(product) === asked) underWay.delete(product);
    });
    underWay.set(product, asked);
    return asked;
  }

  function hear(product: Identifier, { quantity, sequence, own: isOwn }: Counted): void {
    if (!stock.products.has(product) || isKnown(product, sequence)) return;
    if (isOwn) own.set(product, sequence);
    else pending.set(product, { product, quantity, sequence });
  }

  return {
    knownTo,
    hear,
    heard() {
      for (const [product, { sequence }] of pending) {
        const known = stock.products.get(product);
        if (known === undefined || known.counted >= sequence) pending.delete(product);
      }
      return [...pending.values()];
    },
    async lookUp({ lines }) {
      const lacking = lines.filter(({ product, seen }) => !isKnown(product, seen));
      const found = await Promise.all(lacking.map(({ product, seen }) => look(product, seen)));
      const counts: Count[] = [];
      const absent = new Set<Identifier>();
      for (const [at, counted] of found.entries()) {
        const { product } = lacking[at] as (typeof lacking)[number];
        if (counted === undefined) absent.add(product);
        else if (stock.products.has(product)) hear(product, counted);
        else counts.push({ product, quantity: counted.quantity, sequence: counted.sequence });
      }
      return { counts, absent };
    },
  };
}
