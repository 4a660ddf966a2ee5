import type { Answering, Asking } from "../../streams/asking.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { Journal } from "../../streams/journal.ts";
import type { Log } from "../../streams/log.ts";
import type { Hold, HowEnded } from "../../streams/stock-commit.ts";
import type { Pause } from "../pause.ts";
import type { Actor } from "../supervisor.ts";
import { together } from "../together.ts";
import type { Counted, QuantityOf } from "./counting.ts";
import { expireHolds } from "./expiry.ts";
import { forgetIdleProducts } from "./idle-products.ts";
import { createStockKeeper, type StockKeeper } from "./keeper.ts";
import { createSaleRates } from "./sale-rates.ts";
import { createShownStock, type ShownStock } from "./shown-stock.ts";
import { createStockSnapshots } from "./snapshot.ts";
import { productsLately } from "./stock.ts";
import { answerStock } from "./stock-asking.ts";
import type { HoldAnswer, HoldRequest } from "./stock-port.ts";

/**
 * One life of one partition's keeper, with all that belongs to it: it answers for the stock through the cluster, gives back
 * holds that are past their time, shows what is left, and lets go of what nobody buys.
 */
export interface KeptPartition extends Required<Actor> {
  readonly keeper: StockKeeper;
  readonly shown: ShownStock;
  /** What CATALOG says of its products' stock, as it comes. */
  hear(product: Identifier, counted: Counted): void;
}

export interface KeptPartitionOptions {
  readonly partition: number;
  /** STOCK, and when it was created. */
  readonly log: Log;
  readonly epoch: number;
  readonly catalog: Log;
  readonly derived: Log;
  readonly quantityOf: QuantityOf;
  readonly asking: Asking;
  /**
   * Whether the partition is kept here at this moment. Who stood still may find questions that another keeper has answered
   * meanwhile: what was taken for them now, nobody would ever know of.
   */
  readonly isOurs: () => boolean;
  /** What becomes of a hold that is past its time. */
  readonly decide: (hold: Hold) => Promise<HowEnded>;
  /** Called for each commit of this keeper's own that counted. */
  readonly onCommit?: () => void;
  /** Unique in the cluster. */
  readonly newId: () => string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  readonly pause: Pause;
  readonly journal: Journal;
}

/** A keeper that lives says what there is within a second. */
const latelyMs = 60_000;

export function createKeptPartition(options: KeptPartitionOptions): KeptPartition {
  const { partition, epoch, derived, asking, isOurs, decide, onCommit, now, clock, pause, journal } = options;
  let answering: Answering | undefined;
  const rates = createSaleRates(clock);
  const keeper = createStockKeeper({
    ...options,
    snapshots: createStockSnapshots(derived, partition, epoch),
    onReady() {
      answering = answerStock(asking, partition, { hold, end: keeper.end, isOurs }, journal);
      // What the one before may have left unsaid.
      shown.show(productsLately(keeper.stock, latelyMs));
    },
    onChange: (products) => shown.show(products),
    onCommit({ holds }) {
      onCommit?.();
      rates.take(holds);
    },
  });
  const shown = createShownStock({ ...options, keeper, rates });

  async function hold(request: HoldRequest): Promise<HoldAnswer> {
    const answer = await keeper.hold(request);
    // Who wanted more than there is may have been shown more: the keeper before may have left it unsaid.
    if (answer.outcome === "short") shown.show(answer.lines.map(({ product }) => product));
    return answer;
  }

  return {
    keeper,
    shown,
    aliveAt: keeper.aliveAt,
    hear(product, counted) {
      keeper.hear(product, counted);
      shown.hear(product, counted);
    },
    async run(signal) {
      // Whoever asks from now on is answered by the next keeper.
      signal.addEventListener("abort", () => answering?.close(), { once: true });
      try {
        await together(signal, [
          keeper.run,
          shown.run,
          (either) => forgetIdleProducts({ keeper, shown, pause }, either),
          (either) => expireHolds({ keeper, decide, now, pause, journal }, either),
        ]);
      } finally {
        answering?.close();
      }
    },
  };
}
