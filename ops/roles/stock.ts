import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { createStockKeepers } from "../../actors/stock/stock-keepers.ts";
import type { KeepersReport, Keeping } from "../../actors/stock/stock-status.ts";
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
  // The same in each of the actor's lives, or a former one would be counted until its lease ends.
  const member = randomUUID();
  let restarts = () => 0;
  const about = (keeping: Keeping): string => {
    const place = { host: hostname(), pid: process.pid };
    const report: KeepersReport = { ...place, ...keeping, restarts: restarts() + keeping.restarts };
    return JSON.stringify(report);
  };
  const create = () =>
    createStockKeepers({
      log: catalogue.stock,
      epoch: catalogue.epochs.stock,
      catalog: catalogue.catalog,
      derived: catalogue.derived,
      leases: catalogue.leases,
      asking: catalogue.asking,
      decide,
      member,
      about,
      newId: randomUUID,
      now: () => Date.now(),
      clock,
      journal: logger,
    });
  const supervisor = supervise("keepers of stock", create, { journal: logger, now: clock });
  restarts = () => supervisor.restarts;
  return supervisor;
}
