import type { Asking } from "../../streams/asking.ts";
import { openAsking } from "../../streams/jetstream/asking.ts";
import { connectNats } from "../../streams/jetstream/connection.ts";
import { openJetStreamLeases } from "../../streams/jetstream/leases.ts";
import { openJetStreamLog } from "../../streams/jetstream/log.ts";
import type { Leases } from "../../streams/lease.ts";
import type { Log } from "../../streams/log.ts";
import type { Logger } from "../logger.ts";

/** What is needed to keep stock, all of it on NATS: also where Redis is away, keepers begin. */
export interface StockLogs {
  readonly stock: Log;
  /** When it was created. */
  readonly epoch: number;
  readonly catalog: Log;
  readonly derived: Log;
  readonly checkout: Log;
  readonly activity: Log;
  readonly leases: Leases;
  readonly asking: Asking;
  close(): Promise<void>;
}

/** The streams are made by the process that the thread is part of; it throws where they are not there. */
export async function openStockLogs(
  natsUrls: readonly string[],
  replicas: number,
  logger: Logger,
): Promise<StockLogs> {
  const connection = await connectNats({
    servers: natsUrls,
    name: "shelfwire stock",
    onState: (state, server) => logger.warn({ role: "stock", server }, `NATS ${state}`),
  });
  try {
    const [stock, catalog, derived, checkout, activity, leases] = await Promise.all([
      openJetStreamLog(connection, "STOCK"),
      openJetStreamLog(connection, "CATALOG"),
      openJetStreamLog(connection, "DERIVED"),
      openJetStreamLog(connection, "CHECKOUT"),
      openJetStreamLog(connection, "ACTIVITY"),
      openJetStreamLeases(connection, replicas),
    ]);
    const { epoch } = await stock.bounds();
    return {
      stock,
      epoch,
      catalog,
      derived,
      checkout,
      activity,
      leases,
      asking: openAsking(connection),
      close: () => connection.close(),
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}
