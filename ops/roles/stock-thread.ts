import { runInThread } from "./in-thread.ts";
import { startStock } from "./stock.ts";
import { openStockLogs } from "./stock-logs.ts";

/** The thread in which stock is kept: a buyer waits for a round trip to the log, and for nothing else. */
await runInThread(
  ({ config: { replicas }, servers: { natsUrls } }, logger) => openStockLogs(natsUrls, replicas, logger),
  (logs, _, logger) => startStock(logs, logger),
);
