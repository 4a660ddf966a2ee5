import { type CommitDraft, draftCommit } from "../../actors/stock/commit-draft.ts";
import { availableOf, emptyStock, evolveStock, type Stock } from "../../actors/stock/stock.ts";
import type { HoldRequest, StockPort } from "../../actors/stock/stock-port.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { partitionOf } from "../../streams/partition.ts";
import type { Hold } from "../../streams/stock-commit.ts";

/** Stock in memory: the fold of each partition without a log, a commit for each question. */
export interface MemoryStock extends StockPort {
  put(product: Identifier, quantity: number): void;
  available(product: Identifier): number;
  sold(product: Identifier): number;
  /** What is on hold. */
  open(): readonly (Hold & { readonly partition: number })[];
  /** What was asked of keepers, in order. */
  readonly asked: readonly string[];
  readonly requests: readonly HoldRequest[];
}

export function createMemoryStock(): MemoryStock {
  const stocks = new Map<number, Stock>();
  const put = new Map<Identifier, number>();
  const asked: string[] = [];
  const requests: HoldRequest[] = [];
  let counts = 0;

  const partitionFor = (product: Identifier) => partitionOf(tokenOf(product));

  function stockOf(partition: number): Stock {
    const stock = stocks.get(partition) ?? emptyStock();
    stocks.set(partition, stock);
    return stock;
  }

  function commit<T>(partition: number, say: (draft: CommitDraft) => T): T {
    const stock = stockOf(partition);
    const draft = draftCommit(stock);
    const said = say(draft);
    const whole = draft.commit("commit");
    if (whole !== undefined) evolveStock(stock, whole, { sequence: stock.sequence + 1, time: 0 });
    return said;
  }

  const onHand = (product: Identifier) => stockOf(partitionFor(product)).products.get(product)?.onHand ?? 0;

  return {
    asked,
    requests,
    open: () =>
      [...stocks].flatMap(([partition, { open }]) =>
        [...open.values()].map((hold) => ({ ...hold, partition })),
      ),
    available: (product) => availableOf(stockOf(partitionFor(product)), product),
    sold: (product) => (put.get(product) ?? 0) - onHand(product),
    put(product, quantity) {
      put.set(product, quantity);
      commit(partitionFor(product), ({ count }) =>
        count({ product, quantity, sequence: ++counts, own: false }),
      );
    },

    async hold(partition, request) {
      const { reservation, lines } = request;
      asked.push(`hold ${partition} ${lines.map(({ product }) => product).join()}`);
      requests.push(request);
      if (lines.some(({ product }) => partitionFor(product) !== partition))
        throw new Error(`not all of ${reservation} is in partition ${partition}`);
      return commit(partition, ({ hold }) => hold(request));
    },

    async end(partition, one) {
      asked.push(`${one.how} ${partition}`);
      commit(partition, ({ end }) => end(one));
    },
  };
}
