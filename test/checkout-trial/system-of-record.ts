import { setTimeout as delay } from "node:timers/promises";
import { inventorySubject } from "../../actors/stock/catalog-counts.ts";
import type { Random } from "../../ops/demo/random.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { Log } from "../../streams/log.ts";
import { patiently } from "../streams/patiently.ts";
import type { Shop } from "./shop.ts";

/** Counts a shop's products while buyers buy: restocks, and counts that know nothing of what is on hold. */
export interface SystemOfRecord {
  begin(): void;
  /** Resolves when the last of its events is acknowledged. */
  stop(): Promise<void>;
  /** Each product once. */
  countAll(quantity: number): Promise<void>;
  /** Events so far. */
  readonly events: () => number;
}

const gapMs = [5, 100] as const;
/** Of all counts: the shelf is nearly empty, whatever is on hold. */
const lowShare = 0.4;
const lowMax = 3;

export function createSystemOfRecord(
  catalog: Log,
  { products, units }: Pick<Shop, "products" | "units">,
  random: Random,
): SystemOfRecord {
  const stopping = new AbortController();
  let counting: Promise<void> | undefined;
  let events = 0;

  async function count(product: Identifier, quantity: number): Promise<void> {
    const id = `count-${events++}`;
    const payload = Buffer.from(JSON.stringify({ new_quantity: quantity, reason: "adjustment" }));
    await patiently(() => catalog.append(inventorySubject(product), payload, { id }));
  }

  async function keepCounting(): Promise<void> {
    while (!stopping.signal.aborted) {
      await count(random.pick(products), random.between(0, random.chance(lowShare) ? lowMax : units));
      await delay(random.between(...gapMs), undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  return {
    begin() {
      counting = keepCounting();
      // Whoever stops it hears of a failure.
      counting.catch(() => {});
    },
    async stop() {
      stopping.abort();
      await counting;
    },
    async countAll(quantity) {
      await Promise.all(products.map((product) => count(product, quantity)));
    },
    events: () => events,
  };
}
