import { decodeEvent, isBad } from "../streams/events.ts";
import type { Identifier } from "../streams/identifier.ts";
import type { Log } from "../streams/log.ts";
import { allPartitions } from "../streams/partition.ts";
import { readDerived, readDerivedPosition } from "./derived.ts";
import { evolveProductSales, evolveSale, type ProductSales, type SaleEvent } from "./sales.ts";

/**
 * A product's sales as the log's leader has them now, for reads that must not be wrong.
 *
 * The derived stream holds them up to where the projector came. Sale events behind that place are looked for
 * on the leader: from where the last look ended, so each look passes only over what was appended since, and
 * the few that are found are folded on top.
 */
export interface SaleFence {
  /** Costs one get from the leader and one look, which concurrent callers share. */
  salesOf(id: Identifier): Promise<ProductSales | undefined>;
}

const saleSubjects = "log.catalog.*.sale.>";
const recentMax = 10_000;

export function createSaleFence(catalog: Log, derived: Log): SaleFence {
  let recent: SaleEvent[] = [];
  let scanned: number | undefined;
  let running: Promise<void> | undefined;
  let queued: Promise<void> | undefined;

  async function derivedFloor(): Promise<number> {
    const positions = await Promise.all(
      allPartitions.map((partition) => readDerivedPosition(derived, partition)),
    );
    return Math.min(...positions);
  }

  async function look(): Promise<void> {
    if (scanned === undefined || recent.length > recentMax) {
      const floor = await derivedFloor();
      recent = recent.filter(({ sequence }) => sequence > floor);
      scanned ??= floor;
    }
    const { last } = await catalog.bounds();
    for (;;) {
      const message = await catalog.next(saleSubjects, scanned + 1);
      if (message === undefined) break;
      scanned = message.sequence;
      const event = decodeEvent(message);
      if (!isBad(event) && (event.kind === "sale.scheduled" || event.kind === "sale.cancelled"))
        recent.push(event);
    }
    scanned = Math.max(scanned, last);
  }

  /** A look that began before the caller came might have missed what the caller knows of: take the next. */
  function lookAnew(): Promise<void> {
    if (running === undefined) {
      running = look().finally(() => {
        running = undefined;
      });
      return running;
    }
    queued ??= running
      .catch(() => {})
      .then(() => {
        queued = undefined;
        return lookAnew();
      });
    return queued;
  }

  return {
    async salesOf(id) {
      await lookAnew();
      // Read after the look began: what it did not meet because the projector had it already, is in here.
      let sales = await readDerived(derived, "sales", id, "leader");
      for (const event of recent) {
        const named =
          (event.kind === "sale.scheduled" && event.data.items.some(({ product_id }) => product_id === id)) ||
          sales?.entries.some(({ sale_id }) => sale_id === event.id) === true;
        if (named) sales = evolveProductSales(sales, id, evolveSale(undefined, event), event);
      }
      return sales;
    },
  };
}
