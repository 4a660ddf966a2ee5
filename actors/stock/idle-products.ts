import { type Pause, pause as realPause } from "../pause.ts";
import type { StockKeeper } from "./keeper.ts";
import type { ShownStock } from "./shown-stock.ts";

/**
 * Lets go of products that nobody buys any more, so that what a keeper holds, and what the next one must read, is bounded by
 * what is sold and not by what ever was. Whoever wants one of them again is answered by what CATALOG shows, so none goes
 * before that is what there is; and none goes so soon that somebody may still come with an older count of it.
 */
export interface IdleProductsOptions {
  readonly keeper: Pick<StockKeeper, "stock" | "forget">;
  readonly shown: Pick<ShownStock, "isShown" | "show">;
  /** Milliseconds since 1970, by which the log dates as well. */
  readonly now: () => number;
  readonly pause?: Pause;
}

const everyMs = 60_000;
const idleMs = 600_000;
/** Fewer are no burden. */
const keptMax = 10_000;
const atOnceMax = 5_000;

/** Until the signal aborts. */
export async function forgetIdleProducts(
  { keeper, shown, now, pause = realPause }: IdleProductsOptions,
  signal: AbortSignal,
): Promise<void> {
  const { stock, forget } = keeper;
  for (;;) {
    await pause(everyMs, signal);
    if (signal.aborted) return;
    const surplus = stock.products.size - keptMax;
    if (surplus <= 0) continue;
    const before = now() - idleMs;
    const idle = stock.products.entries().filter(([, { held, at }]) => held === 0 && at < before);
    const oldest = [...idle.take(Math.min(surplus, atOnceMax)).map(([product]) => product)];
    forget(oldest.filter(shown.isShown));
    // They go with the next round.
    shown.show(oldest.filter((product) => !shown.isShown(product)));
  }
}
