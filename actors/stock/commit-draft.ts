import type { Identifier } from "../../streams/identifier.ts";
import type { Commit, Count, End, Hold } from "../../streams/stock-commit.ts";
import type { FoundCount } from "./counting.ts";
import type { Stock } from "./stock.ts";
import type { HoldAnswer, HoldLine, HoldRequest } from "./stock-port.ts";

/**
 * The next commit while it is put together: what is asked for is held against the state and against what the commit has in
 * it already, by the rules of the fold, so that in the end everything in it counts, or the commit as a whole does not.
 */
export interface CommitDraft {
  /**
   * Before all holds. One that the state knows already is left out; so is a keeper's word about a product that the state
   * has by now, since it says nothing of what is on hold.
   */
  count(count: FoundCount): void;
  /** Where nothing else in the commit is about it and nothing of it is on hold. */
  forget(product: Identifier): void;
  /** Before all holds, also where nothing is on hold by that reservation: nothing will be then. */
  end(end: End): void;
  /** Whether the product is in the state or counted here. */
  knows(product: Identifier): boolean;
  /**
   * `held`: it is in the commit, or stood before, and is true when the commit counts; nothing else depends on that. An
   * earlier hold of the reservation is ended.
   */
  hold(request: HoldRequest): HoldAnswer;
  /** Undefined where there is nothing to say. */
  commit(id: string): Commit | undefined;
}

export function draftCommit(stock: Stock): CommitDraft {
  const counts = new Map<Identifier, Count>();
  const forgets = new Set<Identifier>();
  const ends: End[] = [];
  /** The newest of them, and what they end, by reservation. */
  const over = new Map<string, End>();
  const closed = new Set<string>();
  const holds = new Map<string, Hold>();
  /** Units that the holds of this commit take, less those that its ends give back. */
  const taken = new Map<Identifier, number>();

  /** Below 0 where a count said less than what is on hold: then giving back some of that leaves nothing to buy yet. */
  function available(product: Identifier): number {
    const { onHand, held } = stock.products.get(product) ?? { onHand: 0, held: 0 };
    const there = counts.get(product)?.quantity ?? onHand;
    return there - held - (taken.get(product) ?? 0);
  }

  const take = (product: Identifier, quantity: number) =>
    taken.set(product, (taken.get(product) ?? 0) + quantity);

  const standing = (reservation: string) =>
    closed.has(reservation) ? undefined : stock.open.get(reservation);
  const howOver = (reservation: string) => over.get(reservation) ?? stock.ended.get(reservation);

  function end(one: End): void {
    const { reservation, taking, how } = one;
    if ((howOver(reservation)?.taking ?? -1) >= taking) return;
    const hold = standing(reservation);
    if (hold !== undefined && hold.taking > taking) return;
    ends.push(one);
    over.set(reservation, one);
    if (hold === undefined) return;
    closed.add(reservation);
    if (how === "sold" && hold.taking === taking) return;
    for (const { product, quantity } of hold.items) take(product, -quantity);
  }

  /** Undefined where it is to be taken. */
  function answerBefore({ reservation, taking }: HoldRequest): HoldAnswer | undefined {
    const ended = howOver(reservation);
    if (ended !== undefined && ended.taking >= taking) return { outcome: "ended", how: ended.how };
    const hold = holds.get(reservation) ?? standing(reservation);
    if (hold === undefined) return undefined;
    if (hold.taking === taking) return { outcome: "held" };
    if (hold.taking > taking) return { outcome: "ended", how: "cancelled" };
    return holds.has(reservation) ? { outcome: "busy" } : undefined;
  }

  /** Units that the buyer has in the line's sale by other reservations: those that stand here, and those he was seen with elsewhere. */
  function boughtBy(buyer: Identifier, { product, limit }: HoldLine, except: string): number {
    const here = new Map<string, number>();
    const own = [
      ...(stock.limited.get(buyer) ?? []),
      ...[...holds.values()].filter((hold) => hold.buyer === buyer),
    ];
    for (const { reservation, items } of own) {
      if (reservation === except) continue;
      if (closed.has(reservation) && over.get(reservation)?.how !== "sold") continue;
      for (const item of items)
        if (item.product === product && item.sale === limit?.sale) here.set(reservation, item.quantity);
    }
    let units = 0;
    for (const [reservation, quantity] of limit?.known ?? []) {
      const how = howOver(reservation)?.how;
      if (!here.has(reservation) && (how === undefined || how === "sold")) units += quantity;
    }
    for (const quantity of here.values()) units += quantity;
    return units;
  }

  return {
    count({ product, quantity, sequence, own }) {
      if (own && stock.products.has(product)) return;
      const known = counts.get(product)?.sequence ?? stock.products.get(product)?.counted ?? -1;
      if (sequence > known) counts.set(product, { product, quantity, sequence });
    },
    knows: (product) => counts.has(product) || stock.products.has(product),
    forget(product) {
      if (stock.products.get(product)?.held === 0) forgets.add(product);
    },
    end,
    hold(request) {
      const before = answerBefore(request);
      if (before !== undefined) return before;
      const { reservation, taking, buyer, until, lines } = request;
      if (taking > 0) end({ reservation, taking: taking - 1, how: "cancelled" });
      const beyond = lines.flatMap((line) => {
        if (line.limit === undefined) return [];
        const left = Math.max(0, line.limit.units - boughtBy(buyer, line, reservation));
        return line.quantity > left ? [{ product: line.product, left }] : [];
      });
      if (beyond.length > 0) return { outcome: "over-limit", lines: beyond };
      const short = lines.flatMap(({ product, quantity }) => {
        const left = Math.max(0, available(product));
        return quantity > left ? [{ product, available: left }] : [];
      });
      if (short.length > 0) return { outcome: "short", lines: short };
      for (const { product, quantity } of lines) take(product, quantity);
      const items = lines.map(({ product, quantity, limit }) => ({
        product,
        quantity,
        sale: limit?.sale ?? null,
      }));
      holds.set(reservation, { reservation, taking, buyer, until, items });
      return { outcome: "held" };
    },
    commit(id) {
      const idle = [...forgets].filter((product) => !counts.has(product) && !taken.has(product));
      if (counts.size + idle.length + ends.length + holds.size === 0) return undefined;
      return {
        id,
        after: stock.sequence,
        counts: [...counts.values()],
        forgets: idle,
        ends,
        holds: [...holds.values()],
      };
    },
  };
}
