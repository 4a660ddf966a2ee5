import type { Identifier } from "../../streams/identifier.ts";
import { createSlots } from "../../streams/slots.ts";
import type { Count } from "../../streams/stock-commit.ts";
import type { Stock } from "./stock.ts";
import type { HoldRequest } from "./stock-port.ts";

/** What the newest good event of CATALOG about a product's stock says, from the leader. */
export interface Counted {
  readonly quantity: number;
  readonly sequence: number;
  /** A keeper's own word of what can be bought, by which nothing was counted. */
  readonly own: boolean;
  /** Of such a word: the place in STOCK that it stands for. */
  readonly place?: number;
  /** Of the newest event there, which may be a bad one: whoever publishes the next one must expect it. */
  readonly newest: number;
}

/** Undefined where there is no good event. Throws `LogUnavailable` where the log does not answer. */
export type QuantityOf = (product: Identifier) => Promise<Counted | undefined>;

/** A count for a product that the state lacks may be a keeper's word: then what can be bought is all that there is. */
export interface FoundCount extends Count {
  readonly own: boolean;
}

export interface Looked {
  readonly counts: readonly FoundCount[];
  /** Products that CATALOG says nothing about. */
  readonly absent: ReadonlySet<Identifier>;
  /** What `letGo` said before: the counts are good while it says the same. */
  readonly letGo: number;
}

/**
 * How CATALOG's counts come into the stock. Each product is looked up when the first one asks this keeper for it, whatever
 * the state says of it: nobody may have heard what was counted before. Then it follows what is heard; and who has seen a
 * newer event than that waits until it is looked up again.
 */
export interface Counting {
  /** Of a product that is not kept here it is of no use. */
  hear(product: Identifier, counted: Counted): void;
  /** What was heard and is not in the stock yet, some of it where that is much. */
  heard(): readonly FoundCount[];
  /** What the stock lacks for the request: nothing, mostly. */
  lookUp(request: HoldRequest): Promise<Looked>;
  /**
   * Up to where CATALOG is known here; undefined while something of it is not in the stock yet, or the stock is older than
   * what another keeper said.
   */
  knownTo(product: Identifier): number | undefined;
  /** Behind everything that lets go of a product: what is heard of it counts for the time until then. */
  forget(product: Identifier): void;
  /** How many products were let go of. An older count of one of them gives back what was sold since. */
  letGo(): number;
  /** A place in STOCK that a keeper's word stands for and that the stock has not come to; 0 where there is none. */
  ahead(): number;
  /** Nothing is there: STOCK ends before that place, whoever named it. */
  dismiss(place: number): void;
}

/** Counts of one commit: a message has room for more, with the longest names. */
const countsMax = 500;
const lookUpsMax = 32;
/** Who comes later than that does not share a look: it may be as old as this machine stood still. */
const sharedMs = 1_000;

/** `clock`: monotonic milliseconds. */
export function createCounting(stock: Stock, quantityOf: QuantityOf, clock: () => number): Counting {
  const pending = new Map<Identifier, Count>();
  /** The newest event that was heard of, of products that were looked up. */
  const known = new Map<Identifier, number>();
  const underWay = new Map<Identifier, { readonly asked: ReturnType<QuantityOf>; readonly since: number }>();
  let place = 0;
  let letGo = 0;
  const slots = createSlots(lookUpsMax);

  const countedTo = (product: Identifier) => stock.products.get(product)?.counted ?? 0;

  const isKnown = (product: Identifier, sequence: number) =>
    stock.products.has(product) && (known.get(product) ?? -1) >= sequence;

  async function look(product: Identifier, seen: number): Promise<Counted | undefined> {
    const shared = underWay.get(product);
    if (shared === undefined || clock() - shared.since > sharedMs) return ask(product);
    const found = await shared.asked;
    if ((found?.newest ?? 0) >= seen) return found;
    // It began before the event that was seen. One that has begun since did not.
    return underWay.get(product)?.asked ?? ask(product);
  }

  function ask(product: Identifier): Promise<Counted | undefined> {
    const asked = slots
      .run(() => quantityOf(product))
      .finally(() => {
        if (underWay.get(product)?.asked === asked) underWay.delete(product);
      });
    underWay.set(product, { asked, since: clock() });
    return asked;
  }

  const ahead = () => (place > stock.sequence ? place : 0);

  function hear(product: Identifier, counted: Counted): void {
    const { quantity, sequence, own, newest } = counted;
    place = Math.max(place, counted.place ?? 0);
    if (!stock.products.has(product)) return;
    known.set(product, Math.max(newest, known.get(product) ?? 0));
    if (!own && sequence > Math.max(countedTo(product), pending.get(product)?.sequence ?? 0))
      pending.set(product, { product, quantity, sequence });
  }

  function dropCounted(product: Identifier): void {
    const count = pending.get(product);
    if (count !== undefined && (countedTo(product) >= count.sequence || !stock.products.has(product)))
      pending.delete(product);
  }

  return {
    hear,
    heard() {
      for (const product of pending.keys()) dropCounted(product);
      return [...pending.values().take(countsMax)].map((count) => ({ ...count, own: false }));
    },
    async lookUp({ lines }) {
      const before = letGo;
      const lacking = lines.filter(({ product, seen }) => !isKnown(product, seen));
      const found = await Promise.all(lacking.map(({ product, seen }) => look(product, seen)));
      const counts: FoundCount[] = [];
      const absent = new Set<Identifier>();
      for (const [at, counted] of found.entries()) {
        const { product } = lacking[at] as (typeof lacking)[number];
        if (counted === undefined) absent.add(product);
        else if (stock.products.has(product)) hear(product, counted);
        else {
          const { quantity, sequence, own, newest } = counted;
          known.set(product, Math.max(newest, known.get(product) ?? 0));
          counts.push({ product, quantity, sequence, own });
        }
      }
      // What is known and waits for its commit comes into the one that the request is in.
      for (const { product } of lines) {
        const count = pending.get(product);
        if (count !== undefined) counts.push({ ...count, own: false });
      }
      return { counts, absent, letGo: before };
    },
    knownTo(product) {
      dropCounted(product);
      return ahead() > 0 || pending.has(product)
        ? undefined
        : Math.max(countedTo(product), known.get(product) ?? 0);
    },
    forget(product) {
      known.delete(product);
      pending.delete(product);
      letGo++;
    },
    letGo: () => letGo,
    ahead,
    dismiss(none) {
      if (place === none) place = 0;
    },
  };
}
