import type { Random } from "../demo/random.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { Log } from "../../streams/log.ts";
import { type CatalogKind, publicSubject } from "../../streams/subjects.ts";
import type { Facts } from "./products.ts";

/**
 * What a shop's systems publish while it sells: the sale, stock of the deals that moves, and prices of other products.
 * `restore` puts every price and quantity that was changed back to what it was before, and ends the sale.
 */
export interface Changes {
  /** Resolves when the log has it. */
  schedule(startsAt: number, endsAt: number): Promise<void>;
  begin(): void;
  restore(): Promise<void>;
  readonly counts: ChangeCounts;
}

export interface ChangeCounts {
  readonly published: number;
  /** Of these, on deals. */
  readonly onDeals: number;
  readonly failed: number;
}

export interface ChangesOptions {
  readonly log: Log;
  /** Names the sale; also the reference of quantities. */
  readonly name: Identifier;
  readonly deals: readonly Facts[];
  readonly priced: readonly Facts[];
  readonly perSecond: number;
  readonly random: Random;
}

const tickMs = 10;
/** Further changes wait for nobody, and are not made. */
const underWayMax = 256;
const salePart = 0.6;
const priceSpread = 0.05;
const quantitySpread = 20;

/** What a deal costs while the sale is on: less, and more than nothing. */
export const salePriceOf = ({ amount }: Facts): number => Math.max(1, Math.floor(salePart * amount));

export function createChanges(options: ChangesOptions): Changes {
  const { log, name, deals, priced, perSecond, random } = options;
  const counts = { published: 0, onDeals: 0, failed: 0 };
  const underWay = new Set<Promise<void>>();
  const changedPrices = new Set<Facts>();
  const changedStock = new Set<Facts>();
  let isScheduled = false;
  let timer: NodeJS.Timeout | undefined;

  async function append(kind: CatalogKind, id: Identifier, payload: object): Promise<void> {
    const bytes = Buffer.from(JSON.stringify(payload));
    await log.append(publicSubject(kind, id), bytes);
  }

  const price = ({ id, currency, listAmount }: Facts, amount: number) =>
    append("price.updated", id, {
      new_price: { amount, currency },
      ...(listAmount !== null && { list_price: { amount: listAmount, currency } }),
    });
  const stock = ({ id }: Facts, quantity: number) =>
    append("inventory.changed", id, { new_quantity: quantity, reason: "adjustment", reference: name });

  function change(turn: number): void {
    if (underWay.size >= underWayMax) {
      counts.failed++;
      return;
    }
    counts.published++;
    const isStock = turn % 2 === 0 || priced.length === 0;
    if (isStock) counts.onDeals++;
    const sending = (isStock ? moveStock() : movePrice())
      .catch(() => {
        counts.failed++;
      })
      .finally(() => underWay.delete(sending));
    underWay.add(sending);
  }

  function moveStock(): Promise<void> {
    const deal = random.pick(deals);
    changedStock.add(deal);
    // In stock before, in stock after: a deal that sells out is another story.
    return stock(deal, Math.max(1, deal.quantity + random.between(-quantitySpread, quantitySpread)));
  }

  function movePrice(): Promise<void> {
    const facts = random.pick(priced);
    changedPrices.add(facts);
    const moved = facts.amount * (1 + priceSpread * (2 * random.next() - 1));
    return price(facts, Math.max(1, Math.round(moved)));
  }

  return {
    counts,
    async schedule(startsAt, endsAt) {
      isScheduled = true;
      await append("sale.scheduled", name, {
        name: "A rehearsal",
        starts_at: new Date(startsAt).toISOString(),
        ends_at: new Date(endsAt).toISOString(),
        items: deals.map((deal) => ({
          product_id: deal.id,
          sale_price: { amount: salePriceOf(deal), currency: deal.currency },
        })),
      });
    },
    begin() {
      const from = performance.now();
      let turn = 0;
      timer = setInterval(() => {
        const due = Math.floor(((performance.now() - from) * perSecond) / 1_000);
        while (turn < due) change(turn++);
      }, tickMs);
    },
    async restore() {
      clearInterval(timer);
      await Promise.all(underWay);
      if (isScheduled) await append("sale.cancelled", name, {});
      await Promise.all([...changedPrices].map((facts) => price(facts, facts.amount)));
      await Promise.all([...changedStock].map((facts) => stock(facts, facts.quantity)));
    },
  };
}
