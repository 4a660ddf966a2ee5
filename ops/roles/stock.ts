import { randomUUID } from "node:crypto";
import { createStockKeepers } from "../../actors/stock/stock-keepers.ts";
import { supervise } from "../../actors/supervisor.ts";
import { createOrders } from "../../api/checkout/orders.ts";
import { createRecords } from "../../api/checkout/records.ts";
import { createSettling } from "../../api/checkout/settling.ts";
import type { Catalogue } from "../catalogue.ts";
import type { Logger } from "../logger.ts";

/** The role that keeps stock: keepers of the partitions that fall to this process, supervised. */
export function startStock(catalogue: Catalogue, logger: Logger): { stop(): Promise<void> } {
  const clock = () => performance.now();
  const decide = createSettling({
    records: createRecords(catalogue.checkout),
    orders: createOrders(catalogue.activity),
    newId: randomUUID,
  });
  const create = () =>
    createStockKeepers({
      log: catalogue.stock,
      epoch: catalogue.epochs.stock,
      catalog: catalogue.catalog,
      derived: catalogue.derived,
      leases: catalogue.leases,
      asking: catalogue.asking,
      decide,
      newId: randomUUID,
      now: () => Date.now(),
      clock,
      journal: logger,
    });
  return supervise("keepers of stock", create, { journal: logger, now: clock });
}
