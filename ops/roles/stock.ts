import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { createStockKeepers } from "../../actors/stock/stock-keepers.ts";
import type { KeepersReport, Keeping } from "../../actors/stock/stock-status.ts";
import { supervise } from "../../actors/supervisor.ts";
import { createOrders } from "../../api/checkout/orders.ts";
import { createRecords } from "../../api/checkout/records.ts";
import { createSettling } from "../../api/checkout/settling.ts";
import type { Logger } from "../logger.ts";
import type { StockLogs } from "./stock-logs.ts";

/** The role that keeps stock: keepers of the partitions that fall to this process, supervised. */
export function startStock(logs: StockLogs, logger: Logger): { stop(): Promise<void> } {
  const clock = () => performance.now();
  const decide = createSettling({
    records: createRecords(logs.checkout),
    orders: createOrders(logs.activity),
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
      ...logs,
      log: logs.stock,
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
