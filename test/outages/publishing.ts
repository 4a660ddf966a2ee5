import type { Log } from "../../streams/log.ts";
import { byTheClock } from "./clock-work.ts";
import type { Shop, ShopEvent } from "./shop.ts";

/** The shop's systems of record: what they published, and what the log says became of it. */
export interface Publishing {
  /** Publishes the catalogue; resolves when the log has all of it. */
  open(): Promise<void>;
  begin(): void;
  /** Resolves when everything under way has its answer. */
  stop(): Promise<void>;
  /** The value that the newest acknowledged event set. */
  newest(value: "price" | "stock", id: string): Standing | undefined;
  readonly counts: { published: number; acked: number; unacked: number };
  /** Of those that were not acknowledged, the first few. */
  readonly wrong: readonly string[];
}

export interface Standing {
  readonly sequence: number;
  readonly number: number;
}

/** Longer than any outage; the log knows a message id for longer than this. */
const deadlineMs = 45_000;
const wrongMax = 10;

export function createPublishing(options: {
  readonly log: Log;
  readonly shop: Shop;
  readonly perSecond: number;
  /** A price is in the log; `publishedAt`: before it was sent, in monotonic milliseconds. */
  readonly onPrice: (id: string, sequence: number, publishedAt: number) => void;
}): Publishing {
  const { log, shop, perSecond, onPrice } = options;
  const newest = new Map<string, Standing>();
  const counts = { published: 0, acked: 0, unacked: 0 };
  const wrong: string[] = [];
  const flights = new Set<Promise<void>>();
  let end = (): void => {};

  async function publish({ subject, payload, sets }: ShopEvent, messageId: string): Promise<void> {
    counts.published++;
    const publishedAt = performance.now();
    try {
      const appended = await log.append(subject, payload, { id: messageId, deadlineMs });
      if (appended.outcome === "conflict") throw new Error("a conflict, and nothing was expected");
      counts.acked++;
      if (sets === undefined) return;
      const { sequence } = appended;
      const key = `${sets.value} ${sets.id}`;
      if (sequence > (newest.get(key)?.sequence ?? 0)) newest.set(key, { sequence, number: sets.number });
      if (sets.value === "price") onPrice(sets.id, sequence, publishedAt);
    } catch (error) {
      counts.unacked++;
      if (wrong.length < wrongMax) wrong.push(`${messageId} ${subject}: ${error}`);
    }
  }

  function begin(event: ShopEvent, messageId: string): void {
    const flight = publish(event, messageId).finally(() => flights.delete(flight));
    flights.add(flight);
  }

  return {
    counts,
    wrong,
    newest: (value, id) => newest.get(`${value} ${id}`),
    async open() {
      for (const [at, event] of shop.opening().entries()) begin(event, `opening-${at}`);
      await Promise.all(flights);
    },
    begin() {
      end = byTheClock(perSecond, (index) => begin(shop.change(index, Date.now()), `change-${index}`));
    },
    async stop() {
      end();
      await Promise.all(flights);
    },
  };
}
