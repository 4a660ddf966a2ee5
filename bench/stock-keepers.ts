import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { createStockKeeper, type StockKeeper } from "../actors/stock/keeper.ts";
import { openStockLog } from "../actors/stock/stock-log.ts";
import { createLogger } from "../ops/logger.ts";
import { type Identifier, tokenOf } from "../streams/identifier.ts";
import { connectNats } from "../streams/jetstream/connection.ts";
import { openJetStreamLog } from "../streams/jetstream/log.ts";
import { partitionOf } from "../streams/partition.ts";
import type { Rig } from "./rig.ts";

/** The keepers of some products' stock in this process, on the rig's log, which has the second core. */
export interface StockKeepers {
  /** One unit on hold for one of the buyers, in an acknowledged event. Whether there was one. */
  take(buyer: number, product: Identifier): Promise<boolean>;
  /** Events of the log so far. */
  commits(): Promise<number>;
  /** Units on hold, of all products, as somebody folds them who reads the log from its beginning. */
  taken(): Promise<number>;
  close(): Promise<void>;
}

export interface StockKeepersSettings {
  readonly rig: Rig;
  readonly products: readonly Identifier[];
  /** Units of each. */
  readonly quantity: number;
}

const holdMs = 600_000;

export async function startStockKeepers(settings: StockKeepersSettings): Promise<StockKeepers> {
  const { rig, products, quantity } = settings;
  const connection = await connectNats({ servers: rig.servers.natsUrls, name: "bench stock" });
  const log = await openJetStreamLog(connection, "STOCK");
  const ending = new AbortController();
  const keepers = new Map<number, StockKeeper>();
  const running: Promise<void>[] = [];
  const partitions = new Set(products.map((product) => partitionOf(tokenOf(product))));
  for (const partition of partitions) {
    const keeper = createStockKeeper({
      partition,
      log,
      // What CATALOG would say.
      quantityOf: async () => ({ quantity, sequence: 1, own: false, newest: 1 }),
      newId: randomUUID,
      clock: () => performance.now(),
      journal: createLogger("error"),
    });
    keepers.set(partition, keeper);
    running.push(keeper.run(ending.signal));
    while (!keeper.isReady) await delay(5);
  }
  let reservations = 0;
  return {
    async take(buyer, product) {
      // As long as a reservation's name is.
      const reservation = `r${String(++reservations).padStart(26, "0")}`;
      const answer = await keepers.get(partitionOf(tokenOf(product)))?.hold({
        reservation,
        taking: 0,
        buyer: `buyer-${buyer}` as Identifier,
        until: Date.now() + holdMs,
        lines: [{ product, quantity: 1, seen: 0 }],
      });
      return answer?.outcome === "held";
    },
    commits: async () => (await log.bounds()).messages,
    async taken() {
      let units = 0;
      for (const partition of partitions) {
        const { stock, catchUp } = openStockLog({ log, partition, clock: () => performance.now() });
        await catchUp();
        for (const { held } of stock.products.values()) units += held;
      }
      return units;
    },
    async close() {
      ending.abort();
      await Promise.all(running);
      await connection.close();
    },
  };
}
