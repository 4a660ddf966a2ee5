import type { Identifier } from "../../streams/identifier.ts";
import type { Journal } from "../../streams/journal.ts";
import { type Log, LogRefused, LogUnavailable } from "../../streams/log.ts";
import { createSlots } from "../../streams/slots.ts";
import { createBell } from "../bell.ts";
import { type Pause, pause as realPause } from "../pause.ts";
import { encodeKeepersWord, inventorySubject } from "./catalog-counts.ts";
import type { Counted, QuantityOf } from "./counting.ts";
import type { StockKeeper } from "./keeper.ts";
import type { SaleRates } from "./sale-rates.ts";
import { availableOf } from "./stock.ts";

/**
 * What can still be bought, published to CATALOG as any count of stock is, so that read models and caches show it. Each word
 * is published on the condition that the keeper knows everything that CATALOG says about the product's stock, so that it
 * never covers a count that is not in the stock. Of a product that sells ten thousand a second some ten
 * words a second are said, the first at once and the last always.
 */
export interface ShownStock {
  /**
   * Of these something has changed, or may have: a keeper that begins knows not what the one before it has left unsaid. A
   * product that was not shown here before costs a read of CATALOG.
   */
  show(products: Iterable<Identifier>): void;
  /** What CATALOG says, as it comes, also by another keeper. */
  hear(product: Identifier, counted: Counted): void;
  /** Whether CATALOG is known to show what there is. */
  isShown(product: Identifier): boolean;
  run(signal: AbortSignal): Promise<void>;
}

export interface ShownStockOptions {
  readonly keeper: Pick<StockKeeper, "stock" | "hear" | "knownTo">;
  readonly catalog: Log;
  readonly quantityOf: QuantityOf;
  readonly rates: Pick<SaleRates, "sellsOutInMs">;
  /** Of STOCK. */
  readonly epoch: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  readonly pause?: Pause;
  readonly journal: Journal;
}

interface Shown {
  /** What CATALOG shows, by the event at this sequence; both undefined where that is not known. */
  readonly quantity: number | undefined;
  readonly sequence: number | undefined;
  /** Not before. */
  readonly due: number;
}

const betweenMs = 100;
const againMs = 500;
const idleMs = 1_000;
const atOnceMax = 32;
/** Products whose newest word is remembered: of one that was forgotten it is read. */
const rememberedMax = 50_000;

export function createShownStock(options: ShownStockOptions): ShownStock {
  const { keeper, catalog, quantityOf, rates, epoch, now, clock, journal, pause = realPause } = options;
  const { stock } = keeper;
  const shown = new Map<Identifier, Shown>();
  const pending = new Set<Identifier>();
  const underWay = new Set<Identifier>();
  const slots = createSlots(atOnceMax);
  const bell = createBell(pause);

  function want(product: Identifier): void {
    pending.add(product);
    bell.ring();
  }

  function remember(product: Identifier, entry: Shown): void {
    shown.delete(product);
    shown.set(product, entry);
    const [oldest] = shown.keys();
    if (shown.size > rememberedMax && oldest !== undefined) shown.delete(oldest);
  }

  async function read(product: Identifier): Promise<void> {
    const counted = await quantityOf(product);
    if (counted === undefined) return;
    keeper.hear(product, counted);
    heard(product, counted);
  }

  function heard(product: Identifier, { quantity, newest }: Counted): void {
    const known = shown.get(product);
    if (newest <= (known?.sequence ?? -1)) return;
    remember(product, { quantity, sequence: newest, due: known?.due ?? clock() });
    want(product);
  }

  /** Whether CATALOG shows what there is, and nothing that came since is unknown here. */
  function isRight(product: Identifier, { quantity, sequence }: Shown): boolean {
    return quantity === availableOf(stock, product) && sequence === keeper.knownTo(product);
  }

  /** Looks at it again soon. */
  function later(product: Identifier, entry: Omit<Shown, "due">, ms: number): void {
    remember(product, { ...entry, due: clock() + ms });
    want(product);
  }

  async function say(product: Identifier, before: Shown): Promise<void> {
    const expected = keeper.knownTo(product);
    if (expected === undefined) return later(product, before, betweenMs);
    if (isRight(product, before)) return;
    const quantity = availableOf(stock, product);
    const reason = quantity < (before.quantity ?? Infinity) ? "reservation" : "release";
    const leftMs = rates.sellsOutInMs(product, quantity);
    const sellsOutAt = leftMs === undefined ? undefined : now() + leftMs;
    const word = encodeKeepersWord({ quantity, reason, sequence: stock.sequence, sellsOutAt }, epoch);
    const appended = await catalog.append(inventorySubject(product), word, {
      expectedLastSubjectSequence: expected,
    });
    if (appended.outcome === "conflict") {
      await read(product);
      return later(product, shown.get(product) ?? before, betweenMs);
    }
    const { sequence } = appended;
    keeper.hear(product, { quantity, sequence, own: true, newest: sequence });
    const heard = shown.get(product);
    const isNewest = (heard?.sequence ?? 0) <= sequence;
    remember(product, {
      quantity: isNewest ? quantity : heard?.quantity,
      sequence: isNewest ? sequence : heard?.sequence,
      due: clock() + betweenMs,
    });
    if (availableOf(stock, product) !== quantity) want(product);
  }

  async function bring(product: Identifier): Promise<void> {
    // Of what is not kept here any more others know more.
    if (!stock.products.has(product)) return;
    try {
      const known = shown.get(product);
      await (known?.sequence === undefined ? read(product) : say(product, known));
    } catch (error) {
      if (!(error instanceof LogUnavailable || error instanceof LogRefused)) throw error;
      journal.warn({ product, err: error }, "what can be bought could not be published; trying again");
      // What became of the word is not known.
      later(product, { quantity: undefined, sequence: undefined }, againMs);
    }
  }

  /** Returns how long until the next one is due. */
  function start(): number {
    const at = clock();
    let nextMs = idleMs;
    for (const product of pending) {
      // The next word about a product waits for the one that is on its way.
      if (underWay.has(product)) continue;
      const waitMs = (shown.get(product)?.due ?? at) - at;
      if (waitMs > 0) {
        nextMs = Math.min(nextMs, waitMs);
        continue;
      }
      const started = slots.tryRun(() => bring(product));
      if (started === undefined) break;
      pending.delete(product);
      underWay.add(product);
      void started
        .catch((error: unknown) => journal.error({ product, err: error }, "stock is not shown"))
        .finally(() => {
          underWay.delete(product);
          bell.ring();
        });
    }
    return nextMs;
  }

  return {
    show(products) {
      for (const product of products) want(product);
    },
    hear: heard,
    isShown(product) {
      const known = shown.get(product);
      return known !== undefined && !pending.has(product) && isRight(product, known);
    },
    async run(signal) {
      while (!signal.aborted) await bell.wait(start(), signal);
    },
  };
}
