import type { HoldAnswer, HoldLine, HoldRequest, StockPort } from "../../actors/stock/stock-port.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { LogUnavailable } from "../../streams/log.ts";
import { partitionOf } from "../../streams/partition.ts";
import type { End } from "../../streams/stock-commit.ts";

/** The stock of a reservation, which several keepers may hold: each has the products of one partition. */
export interface Taken {
  /** The last keeper's answer: `held` if all have said so. Or why nothing is known of it. */
  readonly answer: HoldAnswer | LogUnavailable;
  /** Where units are known to be on hold now. */
  readonly partitions: readonly number[];
  /** The same, with one whose keeper was asked and did not answer. */
  readonly touched: readonly number[];
}

/**
 * Asks one keeper after the other, in the order of their products, so that two carts of the same products never wait for
 * each other; and stops at the first that does not hold its lines, or when it is `late`: then `answer` is `busy`.
 */
export async function takeHolds(
  stock: StockPort,
  request: Omit<HoldRequest, "lines">,
  lines: readonly HoldLine[],
  isLate: () => boolean,
): Promise<Taken> {
  const partitions: number[] = [];
  for (const [partition, part] of byPartition(lines)) {
    if (isLate()) return { answer: { outcome: "busy" }, partitions, touched: partitions };
    const answer = await stock.hold(partition, { ...request, lines: part }).catch(unavailable);
    if (answer instanceof LogUnavailable) return { answer, partitions, touched: [...partitions, partition] };
    if (answer.outcome !== "held") return { answer, partitions, touched: partitions };
    partitions.push(partition);
  }
  return { answer: { outcome: "held" }, partitions, touched: partitions };
}

function unavailable(error: unknown): LogUnavailable {
  if (error instanceof LogUnavailable) return error;
  throw error;
}

/** What cannot be ended now, since its keeper does not answer, is ended when its time is up. */
export async function endHolds(stock: StockPort, partitions: Iterable<number>, end: End): Promise<void> {
  await Promise.all(
    Array.from(partitions, async (partition) => {
      try {
        await stock.end(partition, end);
      } catch (error) {
        if (!(error instanceof LogUnavailable)) throw error;
      }
    }),
  );
}

export const partitionsOf = (lines: readonly { readonly product: Identifier }[]): ReadonlySet<number> =>
  new Set(lines.map(({ product }) => partitionOf(tokenOf(product))));

/** In the order of each one's smallest product. */
function byPartition(lines: readonly HoldLine[]): ReadonlyMap<number, readonly HoldLine[]> {
  const sorted = [...lines].sort((a, b) => (a.product < b.product ? -1 : 1));
  return Map.groupBy(sorted, ({ product }) => partitionOf(tokenOf(product)));
}
