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
  readonly pause?: Pause;
}

const everyMs = 60_000;
const idleMs = 600_000;
/** Fewer are no burden. */
const keptMax = 10_000;
const atOnceMax = 5_000;

/** Until the signal aborts. */
export async function forgetIdleProducts(
  { keeper, shown, pause = realPause }: IdleProductsOptions,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await pause(everyMs, signal);
    if (signal.aborted) return;
    letGoOfIdle({ keeper, shown }, keptMax);
  }
}

/** One round, after which so many are left, if others are not idle. */
export function letGoOfIdle(
  { keeper: { stock, forget }, shown }: Pick<IdleProductsOptions, "keeper" | "shown">,
  most: number,
): void {
  const surplus = stock.products.size - most;
  if (surplus <= 0) return;
  // By the log's time, as far as it is known here: the clock of this machine may be ahead of it.
  const newest = stock.products.values().reduce((later, { at }) => Math.max(later, at), 0);
  const idle = stock.products.entries().filter(([, { held, at }]) => held === 0 && at < newest - idleMs);
  const oldest = Array.from(idle.take(Math.min(surplus, atOnceMax)), ([product]) => product);
  forget(oldest.filter(shown.isShown));
  // They go with the next round.
  shown.show(oldest.filter((product) => !shown.isShown(product)));
}
