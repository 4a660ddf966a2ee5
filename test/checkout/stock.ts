import type { HoldRequest, StockPort } from "../../actors/stock/stock-port.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { partitionOf } from "../../streams/partition.ts";
import type { HowEnded } from "../../streams/stock-commit.ts";

/** Stock in memory: all lines of a request or none, once for each reservation, and what has ended is not taken again. */
export interface MemoryStock extends StockPort {
  put(product: Identifier, quantity: number): void;
  available(product: Identifier): number;
  sold(product: Identifier): number;
  /** What is on hold, by partition. */
  readonly open: ReadonlyMap<number, ReadonlyMap<string, HoldRequest>>;
  /** What was asked of keepers, in order. */
  readonly asked: readonly string[];
}

export function createMemoryStock(): MemoryStock {
  const onHand = new Map<Identifier, number>();
  const soldUnits = new Map<Identifier, number>();
  const open = new Map<number, Map<string, HoldRequest>>();
  const ended = new Map<string, HowEnded>();
  const asked: string[] = [];

  const openOf = (partition: number) => {
    const holds = open.get(partition) ?? new Map<string, HoldRequest>();
    open.set(partition, holds);
    return holds;
  };
  const linesOf = (partition: number) => [...openOf(partition).values()].flatMap(({ lines }) => lines);
  const held = (product: Identifier) =>
    linesOf(partitionOf(tokenOf(product)))
      .filter((line) => line.product === product)
      .reduce((sum, { quantity }) => sum + quantity, 0);
  const available = (product: Identifier) => (onHand.get(product) ?? 0) - held(product);

  return {
    open,
    asked,
    available,
    put: (product, quantity) => void onHand.set(product, quantity),
    sold: (product) => soldUnits.get(product) ?? 0,

    async hold(partition, request) {
      const { reservation, buyer, lines } = request;
      asked.push(`hold ${partition} ${lines.map(({ product }) => product).join()}`);
      if (lines.some(({ product }) => partitionOf(tokenOf(product)) !== partition))
        throw new Error(`not all of ${reservation} is in partition ${partition}`);
      if (openOf(partition).has(reservation)) return { outcome: "held" };
      const how = ended.get(`${partition} ${reservation}`);
      if (how !== undefined) return { outcome: "ended", how };
      const over = lines.flatMap(({ product, quantity, limit }) => {
        if (limit === undefined) return [];
        const own = [...openOf(partition).values()].filter((one) => one.buyer === buyer);
        const elsewhere = limit.known.filter(([other]) => !own.some((one) => one.reservation === other));
        const here = own.flatMap((one) => one.lines.filter((line) => line.product === product));
        const had = [...elsewhere.map(([, units]) => units), ...here.map((line) => line.quantity)];
        const left = limit.units - had.reduce((sum, units) => sum + units, 0);
        return quantity > left ? [{ product, left: Math.max(0, left) }] : [];
      });
      if (over.length > 0) return { outcome: "over-limit", lines: over };
      const short = lines
        .map(({ product, quantity }) => ({ product, quantity, available: available(product) }))
        .filter((line) => line.available < line.quantity);
      if (short.length > 0)
        return {
          outcome: "short",
          lines: short.map((line) => ({ product: line.product, available: line.available })),
        };
      openOf(partition).set(reservation, request);
      return { outcome: "held" };
    },

    async end(partition, reservation, how) {
      asked.push(`${how} ${partition}`);
      const hold = openOf(partition).get(reservation);
      if (hold === undefined) return;
      openOf(partition).delete(reservation);
      ended.set(`${partition} ${reservation}`, how);
      if (how !== "sold") return;
      for (const { product, quantity } of hold.lines) {
        onHand.set(product, (onHand.get(product) ?? 0) - quantity);
        soldUnits.set(product, (soldUnits.get(product) ?? 0) + quantity);
      }
    },
  };
}
