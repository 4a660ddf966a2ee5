import { randomUUID } from "node:crypto";
import type { Counted } from "../../actors/stock/counting.ts";
import { createStockKeeper, type StockKeeper, type StockKeeperOptions } from "../../actors/stock/keeper.ts";
import type { HoldAnswer, HoldRequest } from "../../actors/stock/stock-port.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { type Log, LogUnavailable, type StoredMessage } from "../../streams/log.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { stockSubject } from "../../streams/stock-commit.ts";
import { id } from "../streams/id.ts";

/** Keepers of one partition on a log, with what CATALOG says about its products. */

export const partition = 3;
export const quiet = { debug() {}, info() {}, warn() {}, error() {} };
/** Waits are as short as they can be. */
const noPause = () => new Promise<void>((resolve) => setImmediate(resolve));

export const memoryStock = () => createMemoryLog({ stream: "STOCK", now: Date.now });

export function createShop(log: Log) {
  const counts = new Map<Identifier, Counted>();
  const running: { readonly ending: AbortController; readonly over: Promise<unknown> }[] = [];
  return {
    counts,
    /** As CATALOG says it. */
    stock: (product: Identifier, quantity: number, sequence = counts.size + 1) =>
      void counts.set(product, { quantity, sequence, own: false, newest: sequence }),
    /** Runs when it resolves. */
    async keeper(options: Partial<StockKeeperOptions> = {}): Promise<StockKeeper> {
      const keeper = createStockKeeper({
        partition,
        log,
        quantityOf: async (product) => counts.get(product),
        newId: randomUUID,
        clock: () => performance.now(),
        pause: noPause,
        journal: quiet,
        ...options,
      });
      const ending = new AbortController();
      running.push({ ending, over: keeper.run(ending.signal).catch((error: unknown) => error) });
      while (!keeper.isReady) await noPause();
      return keeper;
    },
    /** What each of them ended with. */
    async close(): Promise<readonly unknown[]> {
      for (const { ending } of running) ending.abort();
      return Promise.all(running.map(({ over }) => over));
    },
  };
}

export function wanting(
  reservation: string,
  product: Identifier | readonly (readonly [Identifier, number])[],
  quantity = 1,
): HoldRequest {
  const lines = typeof product === "string" ? [[product, quantity] as const] : product;
  return {
    reservation,
    taking: 0,
    buyer: id(`buyer of ${reservation}`),
    until: 10_000,
    lines: lines.map(([each, units]) => ({ product: each, quantity: units, seen: 0 })),
  };
}

export async function messagesOf(log: Log, from = 1): Promise<readonly StoredMessage[]> {
  const messages: StoredMessage[] = [];
  for (let next = from; ; ) {
    const message = await log.next(stockSubject(partition), next);
    if (message === undefined) return messages;
    messages.push(message);
    next = message.sequence + 1;
  }
}

/** Of those who asked, as clients do: again where the outcome is not known or there was no room. */
export async function untilAnswered(ask: () => Promise<HoldAnswer>): Promise<HoldAnswer> {
  for (;;) {
    try {
      const answer = await ask();
      if (answer.outcome !== "busy") return answer;
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error;
    }
    await noPause();
  }
}
