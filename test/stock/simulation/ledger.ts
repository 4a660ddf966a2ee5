import type { StoredMessage } from "../../../streams/log.ts";

/**
 * The two logs read by somebody who knows nothing of the product: what was counted outside, what of it is on hold and what
 * was sold since, in every prefix of STOCK. What stands in a commit that counts is taken at its word. Keepers' own words in
 * CATALOG are never believed: where a keeper began with one, it must say what is known here already.
 */
export interface Ledger {
  /** Throws where a promise is broken. */
  take(message: StoredMessage): void;
  /** By `holdName`. */
  readonly holds: ReadonlyMap<string, Readonly<LedgerHold>>;
  readonly products: ReadonlyMap<string, Readonly<Units>>;
  /** What could be bought in each prefix of STOCK from the place on at which somebody began to wait. */
  availableSince(product: string, place: number): readonly number[];
}

export interface LedgerHold {
  /** Where in STOCK it was taken, and in whose commit. */
  readonly place: number;
  readonly commit: string;
  readonly buyer: string;
  readonly items: Items;
  /** `open` while it has not ended. */
  how: string;
}

export interface Units {
  /** Units on hold are part of it. */
  onHand: number;
  held: number;
  /** The newest event of CATALOG that it comes from. */
  counted: number;
  /** Let go of by keepers. */
  isGone: boolean;
}

type Items = readonly [product: string, quantity: number, sale: string | null][];
interface Said {
  readonly id: string;
  readonly after: number;
  readonly counts: [product: string, quantity: number, event: number][];
  readonly forgets: string[];
  readonly ends: [reservation: string, taking: number, how: string][];
  readonly holds: [reservation: string, taking: number, buyer: string, until: number, items: Items][];
}

export interface StockEvent {
  readonly quantity: number;
  /** Whether a keeper said it. */
  readonly own: boolean;
}

/** Undefined for a bad event. */
export function stockEventOf({ payload }: StoredMessage, epoch: number): StockEvent | undefined {
  const { new_quantity: quantity, stock } = JSON.parse(Buffer.from(payload).toString());
  if (!Number.isSafeInteger(quantity) || quantity < 0) return undefined;
  return { quantity, own: typeof stock === "string" && stock.startsWith(`${epoch}/`) };
}

/** So long nobody takes what has ended. */
const endedMs = 600_000;

/** Units of a product that a buyer may have on hold in its sale. */
export const saleUnitsMax = 2;

export const holdName = (reservation: string, taking: number): string => `${reservation}.${taking}`;

export class Broken extends Error {}

export function createLedger(eventAt: (sequence: number) => StockEvent | undefined): Ledger {
  const products = new Map<string, Units>();
  const holds = new Map<string, LedgerHold>();
  /** Which hold of a reservation stands, and which was ended last. */
  const open = new Map<string, number>();
  const ended = new Map<string, { readonly taking: number; readonly time: number }>();
  const history = new Map<string, { readonly place: number; readonly available: number }[]>();
  const bought = new Map<string, number>();
  let last = 0;

  function broken(place: number, what: string): never {
    throw new Broken(`stock ${place}: ${what}`);
  }

  function count(place: number, [product, quantity, event]: Said["counts"][number]): void {
    const found = eventAt(event);
    if (found?.quantity !== quantity) broken(place, `${product}: no event ${event} counts ${quantity}`);
    const before = products.get(product);
    const stands = before !== undefined && !before.isGone;
    if (stands && event <= before.counted) return;
    if (stands && found.own) broken(place, `${product}: a keeper's word ${event} is taken for a count`);
    if (before?.isGone === true) {
      if (event < before.counted) broken(place, `${product}: counted by ${event}, which is old`);
      if ((found.own || event === before.counted) && quantity !== before.onHand)
        broken(place, `${product}: counted as ${quantity} by ${event}, and there are ${before.onHand}`);
    }
    const counted = Math.max(event, before?.counted ?? 0);
    products.set(product, { onHand: quantity, held: before?.held ?? 0, counted, isGone: false });
  }

  /** What a buyer has on hold of a product, in its sale, with so many more. */
  function buy(buyer: string, product: string, quantity: number): number {
    const units = (bought.get(`${buyer} ${product}`) ?? 0) + quantity;
    bought.set(`${buyer} ${product}`, units);
    return units;
  }

  function end(time: number, [reservation, taking, how]: Said["ends"][number]): void {
    if (taking > (ended.get(reservation)?.taking ?? -1)) ended.set(reservation, { taking, time });
    const standing = open.get(reservation);
    if (standing === undefined || standing > taking) return;
    open.delete(reservation);
    const hold = holds.get(holdName(reservation, standing));
    if (hold === undefined) return;
    hold.how = standing < taking ? "cancelled" : how;
    for (const [product, quantity, sale] of hold.items) {
      const units = products.get(product);
      if (units === undefined) continue;
      units.held -= quantity;
      if (hold.how === "sold") units.onHand = Math.max(0, units.onHand - quantity);
      if (sale !== null) buy(hold.buyer, product, -quantity);
    }
  }

  function hold(
    { sequence: place, time }: StoredMessage,
    commit: string,
    [reservation, taking, buyer, , items]: Said["holds"][number],
  ): void {
    const name = holdName(reservation, taking);
    const over = ended.get(reservation);
    if (open.has(reservation)) broken(place, `${name} is taken, and ${open.get(reservation)} stands`);
    if (over !== undefined && over.taking >= taking && time - over.time < endedMs)
      broken(place, `${name} is taken after its end`);
    holds.set(name, { place, commit, buyer, items, how: "open" });
    open.set(reservation, taking);
    for (const [product, quantity, sale] of items) {
      const units = products.get(product);
      if (units === undefined || units.isGone) return broken(place, `${product} is on hold and not counted`);
      units.held += quantity;
      if (units.held > units.onHand)
        broken(place, `${product}: ${units.held} are on hold, and there are ${units.onHand}`);
      if (sale !== null && buy(buyer, product, quantity) > saleUnitsMax)
        broken(place, `${buyer} has more of ${product} than the sale allows`);
    }
  }

  return {
    holds,
    products,
    take(message) {
      const { sequence, payload, time } = message;
      const said = JSON.parse(Buffer.from(payload).toString()) as Said;
      if (said.after !== last) return;
      last = sequence;
      for (const each of said.counts) count(sequence, each);
      for (const product of said.forgets) {
        const units = products.get(product);
        if (units?.held === 0) units.isGone = true;
      }
      for (const each of said.ends) end(time, each);
      for (const each of said.holds) hold(message, said.id, each);
      for (const [product, { onHand, held, isGone }] of products) {
        const all = history.get(product) ?? [];
        all.push({ place: sequence, available: isGone ? 0 : Math.max(0, onHand - held) });
        history.set(product, all);
      }
    },
    availableSince(product, place) {
      const all = history.get(product) ?? [];
      const from = Math.max(
        0,
        all.findLastIndex((each) => each.place <= place),
      );
      const none = (all[0]?.place ?? Number.POSITIVE_INFINITY) > place ? [0] : [];
      return [...none, ...all.slice(from).map(({ available }) => available)];
    },
  };
}
