import { setTimeout as delay } from "node:timers/promises";
import { readStockStatus, type StockStatus } from "../../actors/stock/stock-status.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { partitionCount, partitionOf } from "../../streams/partition.ts";
import type { Shelfwire } from "../chaos/shelfwire.ts";
import type { Rig } from "./rig.ts";

/** Which process keeps which partitions, as they say of themselves. */

const pollMs = 100;
const patienceMs = 60_000;

/** The one that keeps the product's stock. */
export function keeperOf(rig: Rig, product: Identifier): Promise<Shelfwire> {
  const partition = partitionOf(tokenOf(product));
  return untilSo(rig, `somebody keeps ${product}`, (all) => {
    const pid = all.find(({ ready }) => ready.includes(partition))?.pid;
    return rig.keepers.find((keeper) => pid !== undefined && keeper.pid() === pid);
  });
}

/** Until the process shares in the keeping. */
export async function untilKeeping(rig: Rig, pid: number): Promise<void> {
  await untilSo(rig, `process ${pid} keeps stock`, (all) => all.find((each) => each.pid === pid));
}

/** Until each process keeps its share, so that no partition is about to change hands. */
export async function untilShared(rig: Rig): Promise<void> {
  const share = partitionCount / rig.keepers.length;
  const keeps = (all: readonly StockStatus[], keeper: Shelfwire) =>
    all.some(({ pid, ready }) => pid === keeper.pid() && ready.length === share);
  await untilSo(rig, "stock is kept in equal parts", (all) =>
    rig.keepers.every((keeper) => keeps(all, keeper)) ? all : undefined,
  );
}

async function untilSo<Found>(
  { catalogue }: Rig,
  what: string,
  look: (all: readonly StockStatus[]) => Found | undefined,
): Promise<Found> {
  for (const deadline = performance.now() + patienceMs; performance.now() < deadline; await delay(pollMs)) {
    const found = look(await readStockStatus(catalogue.leases).catch(() => []));
    if (found !== undefined) return found;
  }
  throw new Error(`after ${patienceMs} ms it is not so that ${what}`);
}
