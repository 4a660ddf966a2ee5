import { runInThread } from "./in-thread.ts";
import { startStock } from "./stock.ts";

/** The thread in which stock is kept: a buyer waits for a round trip to the log, and for nothing else. */
await runInThread("stock", (catalogue, _, logger) => startStock(catalogue, logger));
