import type { Identifier } from "../../streams/identifier.ts";
import type { Commit, End, Hold, HowEnded } from "../../streams/stock-commit.ts";

/**
 * The stock of one partition's products: what there is, what is on hold, and for whom. This fold alone says who got a unit;
 * who writes commits, and what a server made of their expectations, does not matter to it.
 *
 * A commit counts if it builds on the last one that counted. Of two that build on the same one the earlier in the log
 * counts, and the later never does. Counts come first, then what is forgotten, then ends, then holds, each in its order.
 */

// Identity: one partition. Events: Commit.

// State

export interface Stock {
  /** Of the last commit that counted; 0 for none. */
  sequence: number;
  /** Those that were counted here and not forgotten. */
  readonly products: Map<Identifier, ProductStock>;
  /** What is on hold now, by reservation: one hold of each. */
  readonly open: Map<string, Hold>;
  /** Those among them with units of a sale that has a limit for each buyer. */
  readonly limited: Map<Identifier, Set<Hold>>;
  /** What ended lately, by reservation, the oldest first: that hold is not taken a second time. */
  readonly ended: Map<string, Ended>;
}

export interface ProductStock {
  /** Units on hold included. A count may say less than what is on hold. */
  readonly onHand: number;
  readonly held: number;
  /** The event of CATALOG that the count came from. */
  readonly counted: number;
  /** When the log took the newest commit about it, in milliseconds since 1970. */
  readonly at: number;
}

export interface Ended {
  /** This hold of the reservation and all earlier ones. */
  readonly taking: number;
  readonly how: HowEnded;
  /** By the log's time, in milliseconds since 1970. */
  readonly at: number;
}

/** How long it is remembered that a reservation has ended: longer than anybody asks again for it by himself. */
export const endedMs = 600_000;

/** The state, without what follows from the rest of it. */
export interface StockFacts {
  readonly sequence: number;
  readonly products: readonly (Omit<ProductStock, "held"> & { readonly product: Identifier })[];
  readonly open: readonly Hold[];
  readonly ended: readonly (readonly [reservation: string, ended: Ended])[];
}

/** An empty state becomes what it was behind a commit. */
export function fillStock(stock: Stock, { sequence, products, open, ended }: StockFacts): void {
  stock.sequence = sequence;
  for (const { product, ...rest } of products) stock.products.set(product, { ...rest, held: 0 });
  for (const hold of open) openHold(stock, hold);
  for (const [reservation, how] of ended) stock.ended.set(reservation, how);
}

export function emptyStock(): Stock {
  return { sequence: 0, products: new Map(), open: new Map(), limited: new Map(), ended: new Map() };
}

// Evolve

export interface Applied {
  /** Of each of the commit's holds, whether it counted. */
  readonly held: readonly boolean[];
}

/**
 * Takes one message of the partition's subject into the state, which it changes, since a partition may hold a million
 * products. Undefined where the commit does not count: then nothing has changed. `sequence` and `time` are the log's.
 */
export function evolveStock(
  stock: Stock,
  commit: Commit,
  { sequence, time }: { readonly sequence: number; readonly time: number },
): Applied | undefined {
  if (commit.after !== stock.sequence || sequence <= stock.sequence) return undefined;
  stock.sequence = sequence;
  for (const [reservation, { at }] of stock.ended) {
    if (at > time - endedMs) break;
    stock.ended.delete(reservation);
  }
  for (const { product, quantity, sequence: counted } of commit.counts) {
    const before = stock.products.get(product);
    // The same count again would give back what was sold since.
    if (before !== undefined && before.counted >= counted) continue;
    stock.products.set(product, { onHand: quantity, held: before?.held ?? 0, counted, at: time });
  }
  for (const product of commit.forgets) {
    if (stock.products.get(product)?.held === 0) stock.products.delete(product);
  }
  for (const end of commit.ends) endHold(stock, end, time);
  return { held: commit.holds.map((hold) => takeHold(stock, hold, time)) };
}

function endHold(stock: Stock, { reservation, taking, how }: End, at: number): void {
  const hold = stock.open.get(reservation);
  if (hold === undefined ? isOver(stock, { reservation, taking }) : hold.taking > taking) return;
  // Also where nothing is on hold: a question that comes late takes nothing for what is over. The newest is the last.
  stock.ended.delete(reservation);
  stock.ended.set(reservation, { taking, how, at });
  if (hold === undefined) return;
  stock.open.delete(reservation);
  const limited = stock.limited.get(hold.buyer);
  if (limited?.delete(hold) === true && limited.size === 0) stock.limited.delete(hold.buyer);
  const isSold = how === "sold" && hold.taking === taking;
  for (const { product, quantity } of hold.items) {
    const before = stock.products.get(product);
    if (before === undefined) continue;
    // A count below what was on hold: those units were promised, so there is nothing less than none.
    const onHand = isSold ? Math.max(0, before.onHand - quantity) : before.onHand;
    stock.products.set(product, { ...before, onHand, held: before.held - quantity, at });
  }
}

function takeHold(stock: Stock, hold: Hold, at: number): boolean {
  const { reservation, items } = hold;
  if (stock.open.has(reservation) || isOver(stock, hold)) return false;
  if (!items.every(({ product, quantity }) => availableOf(stock, product) >= quantity)) return false;
  stock.ended.delete(reservation);
  openHold(stock, hold, at);
  return true;
}

/** `at`: undefined where it stood before. */
function openHold(stock: Stock, hold: Hold, at?: number): void {
  const { reservation, buyer, items } = hold;
  stock.open.set(reservation, hold);
  if (items.some(({ sale }) => sale !== null)) {
    const limited = stock.limited.get(buyer) ?? new Set();
    stock.limited.set(buyer, limited.add(hold));
  }
  for (const { product, quantity } of items) {
    const before = stock.products.get(product);
    if (before === undefined) continue;
    stock.products.set(product, { ...before, held: before.held + quantity, at: at ?? before.at });
  }
}

// Queries

/** Whether that hold of the reservation has ended, whether it ever stood or not. */
export function isOver(stock: Stock, { reservation, taking }: Pick<Hold, "reservation" | "taking">): boolean {
  const ended = stock.ended.get(reservation);
  return ended !== undefined && ended.taking >= taking;
}

/** What can still be bought; none of a product that was not counted. */
export function availableOf(stock: Stock, product: Identifier): number {
  const known = stock.products.get(product);
  return known === undefined ? 0 : Math.max(0, known.onHand - known.held);
}

/** The products that the commit is about, by the state that it builds on. */
export function productsIn({ counts, ends, holds }: Commit, stock: Stock): ReadonlySet<Identifier> {
  const ended = ends.flatMap(({ reservation }) => stock.open.get(reservation) ?? []);
  return new Set([
    ...counts.map(({ product }) => product),
    ...[...ended, ...holds].flatMap(({ items }) => items.map(({ product }) => product)),
  ]);
}

/** Those that have units on hold, or had a commit in the last while before the newest one. */
export function productsLately({ products }: Stock, ms: number): ReadonlySet<Identifier> {
  const newest = products.values().reduce((later, { at }) => Math.max(later, at), 0);
  const lately = products.entries().filter(([, { held, at }]) => held > 0 || at >= newest - ms);
  return new Set(lately.map(([product]) => product));
}
