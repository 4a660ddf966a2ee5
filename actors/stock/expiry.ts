import type { Journal } from "../../streams/journal.ts";
import { LogRefused, LogUnavailable } from "../../streams/log.ts";
import { createSlots } from "../../streams/slots.ts";
import type { Hold, HowEnded } from "../../streams/stock-commit.ts";
import { type Pause, pause as realPause } from "../pause.ts";
import type { StockKeeper } from "./keeper.ts";

/**
 * Gives back what was held for too long. The deadline stands in the log, with the hold, so whoever keeps the stock at that
 * moment sees to it. Whether a reservation has expired or was confirmed at the last moment is decided by its own record,
 * where the two race; stock only follows.
 */
export interface ExpiryOptions {
  readonly keeper: Pick<StockKeeper, "stock" | "isReady" | "end">;
  /** Decides, once and for all, what becomes of a reservation that is past its time. Throws where the log does not answer. */
  readonly decide: (hold: Hold) => Promise<HowEnded>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly pause?: Pause;
  readonly journal: Journal;
}

const everyMs = 500;
/** The clock of who confirms may be behind this one. */
const graceMs = 1_000;
const atOnceMax = 16;

/** Until the signal aborts. A reservation that nothing can be decided about is tried again with the next round. */
export async function expireHolds(options: ExpiryOptions, signal: AbortSignal): Promise<void> {
  const { keeper, decide, now, journal, pause = realPause } = options;
  const slots = createSlots(atOnceMax);

  async function end(hold: Hold): Promise<void> {
    const { reservation, taking } = hold;
    try {
      await keeper.end({ reservation, taking, how: await decide(hold) });
    } catch (error) {
      if (!(error instanceof LogUnavailable || error instanceof LogRefused)) throw error;
      journal.warn({ reservation, err: error }, "a hold that is past its time is not ended; trying again");
    }
  }

  while (!signal.aborted) {
    // While the log is read, what is on hold in the state may have ended since.
    const open = keeper.isReady ? keeper.stock.open.values() : [];
    const due = [...open].filter(({ until }) => until + graceMs <= now());
    await Promise.all(due.map((hold) => slots.run(() => (signal.aborted ? Promise.resolve() : end(hold)))));
    await pause(everyMs, signal);
  }
}
