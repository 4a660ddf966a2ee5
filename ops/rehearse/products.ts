import type { Random } from "../demo/random.ts";
import { type Identifier, identifierOf } from "../../streams/identifier.ts";
import type { Log } from "../../streams/log.ts";
import { Refused } from "../refused.ts";

/** Which products a rehearsal is about, and what they cost and have in stock before it. */
export interface Products {
  /** The most wanted first. */
  readonly all: readonly Identifier[];
  /** In the sale. */
  readonly deals: readonly Facts[];
  /** Those whose prices change meanwhile. */
  readonly priced: readonly Facts[];
  /** For the bursts: nobody wants them otherwise. */
  readonly cold: readonly Identifier[];
}

export interface Facts {
  readonly id: Identifier;
  readonly amount: number;
  readonly currency: string;
  readonly listAmount: number | null;
  readonly quantity: number;
}

export interface ProductsWanted {
  readonly ids: readonly Identifier[];
  readonly deals: number;
  readonly cold: number;
}

export const productsMax = 100_000;
const takeMax = 1_000;
const takeMs = 1_000;

/** Every product that the log knows, in the order of their first events, 100,000 at most. Reads all documents in the log. */
export async function productsIn(log: Log): Promise<readonly Identifier[]> {
  const ids = new Set<Identifier>();
  const tail = log.tail({ from: 1, subject: "log.catalog.*.product.modified.>" });
  try {
    for (let pending = 1; pending > 0 && ids.size < productsMax; ) {
      const batch = await tail.take(takeMax, takeMs);
      pending = batch.pending;
      for (const { subject } of batch.messages) {
        const id = identifierOf(subject.slice(subject.lastIndexOf(".") + 1));
        if (id !== undefined) ids.add(id);
      }
    }
  } finally {
    await tail.close();
  }
  return [...ids].slice(0, productsMax);
}

/** Products that are looked at for being a deal, or having a price that changes. */
const candidatesMax = 1_000;
const pricedMax = 200;
/** Of the catalogue, so that in a small one there are some to whom nothing happens. */
const pricedShareMax = 0.25;

/** By the seed, the same for the same catalogue. Throws `Refused` where too few products have a price and a stock. */
export async function chooseProducts(
  node: string,
  { ids, deals, cold }: ProductsWanted,
  random: Random,
): Promise<Products> {
  // The order in which the log first had them may differ between two imports of one catalogue.
  const known = [...ids].sort();
  const all = shuffled(known, random);
  const candidates = shuffled(known, random).slice(0, candidatesMax);
  const suited = await factsOf(node, candidates);
  if (suited.length < deals) {
    throw new Refused(
      `--deals ${deals}: of ${candidates.length} products only ${suited.length} are active, have a price outside of any sale and a stock`,
    );
  }
  const chosen = suited.slice(0, deals);
  const pricedCount = Math.min(pricedMax, Math.floor(pricedShareMax * known.length));
  const priced = suited.slice(deals, deals + pricedCount);
  const busy = new Set([...chosen, ...priced].map(({ id }) => id));
  const unwanted = all.filter((id) => !busy.has(id));
  return { all, deals: chosen, priced, cold: cold === 0 ? [] : unwanted.slice(-cold) };
}

/** Fisher and Yates. */
function shuffled<Item>(items: readonly Item[], random: Random): readonly Item[] {
  const all = [...items];
  for (let at = all.length - 1; at > 0; at--) {
    const other = random.between(0, at);
    [all[at], all[other]] = [all[other] as Item, all[at] as Item];
  }
  return all;
}

const batchMax = 100;
/** A sale's price must be below it, and above nothing. */
const amountMin = 2;

interface Item {
  readonly id: string;
  readonly status: string;
  readonly price: {
    readonly amount: number;
    readonly currency: string;
    readonly list_amount: number | null;
    readonly sale: object | null;
  } | null;
  readonly inventory: { readonly quantity: number } | null;
}

async function factsOf(node: string, ids: readonly Identifier[]): Promise<readonly Facts[]> {
  const found: Facts[] = [];
  for (let from = 0; from < ids.length; from += batchMax) {
    const asked = ids.slice(from, from + batchMax).map(encodeURIComponent);
    const { items } = await itemsOf(`${node}/api/products?ids=${asked.join()}`);
    for (const { id, status, price, inventory } of items) {
      if (status !== "active" || price === null || inventory === null) continue;
      if (price.sale !== null || price.amount < amountMin) continue;
      const { amount, currency, list_amount: listAmount } = price;
      found.push({ id: id as Identifier, amount, currency, listAmount, quantity: inventory.quantity });
    }
  }
  return found;
}

const answerMs = 10_000;

async function itemsOf(url: string): Promise<{ readonly items: readonly Item[] }> {
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(answerMs) });
  } catch (error) {
    throw new Refused(`${new URL(url).origin} does not answer: ${(error as Error).message}`);
  }
  if (response.status !== 200) throw new Refused(`${url} answers ${response.status}`);
  return (await response.json()) as { readonly items: readonly Item[] };
}
