import type { Leases } from "../../streams/lease.ts";
import { allPartitions } from "../../streams/partition.ts";
import { memberKey, partitionKey } from "../partition-owner.ts";

/**
 * How the stock is kept, by what anybody can read: the leases of its partitions, and what each process that keeps some says of
 * itself in its own, which is as new as the last renewal. Where nobody keeps a partition, nothing of its products can be
 * reserved.
 */
export interface StockStatus {
  /** The member that keeps these partitions; null where nobody does. */
  readonly keeper: string | null;
  readonly partitions: readonly number[];
  /** Those among them whose keepers can be asked: they have read their log. */
  readonly ready: readonly number[];
  /** What the keeper says of itself; null where nobody does. */
  readonly waiting: number | null;
  readonly holds: number | null;
  readonly commits: number | null;
  readonly host: string | null;
  readonly pid: number | null;
  readonly restarts: number | null;
}

/** What the keepers of one process do at this moment. */
export interface Keeping {
  /** Partitions whose keepers can be asked. */
  readonly ready: readonly number[];
  /** Buyers who wait for an answer. */
  readonly waiting: number;
  /** Reservations that have units on hold. */
  readonly holds: number;
  /** Written since the process began to keep stock. */
  readonly commits: number;
  /** Of keepers of partitions that are kept now. */
  readonly restarts: number;
}

/** What such a process says in its member's lease, as JSON. */
export interface KeepersReport extends Keeping {
  readonly host: string;
  readonly pid: number;
}

/** The first part of the leases' keys. */
export const stockLeases = "stock";

/** One status for each who keeps some, and one for the partitions that nobody keeps. Costs the reading of all leases. */
export async function readStockStatus(leases: Leases): Promise<readonly StockStatus[]> {
  const owners = await leases.owners();
  const byKeeper = Map.groupBy(allPartitions, (each) => owners.get(partitionKey(stockLeases, each)) ?? null);
  return [...byKeeper].map(([keeper, partitions]) => {
    const said = keeper === null ? undefined : owners.get(memberKey(stockLeases, keeper));
    const report = said === undefined ? undefined : (JSON.parse(said) as KeepersReport);
    return {
      keeper,
      partitions,
      ready: partitions.filter((each) => report?.ready.includes(each) === true),
      waiting: report?.waiting ?? null,
      holds: report?.holds ?? null,
      commits: report?.commits ?? null,
      host: report?.host ?? null,
      pid: report?.pid ?? null,
      restarts: report?.restarts ?? null,
    };
  });
}
