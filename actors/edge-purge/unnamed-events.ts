import { decodeEvent, isBad } from "../../streams/events.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { Log } from "../../streams/log.ts";
import { storedSubject } from "../../streams/subjects.ts";
import type { UnnamedEvents } from "./change-chain.ts";
import { touchByEvent, type Touched, untouched } from "./touched.ts";

/** Events that are looked at in a while. It takes some 50 ms. */
export const unnamedMax = 10_000;

const batchMax = 1_024;
const waitMs = 1_000;

/** How many places of the log lie in these. */
export function spanOf(unnamed: readonly UnnamedEvents[]): number {
  if (unnamed.length === 0) return 0;
  return Math.max(...unnamed.map(({ to }) => to)) - Math.min(...unnamed.map(({ from }) => from));
}

/**
 * What the events of these partitions and places touched, read from the log: one scan over all of them. Sales and
 * categories count whichever partition they are in, since they change products of any. Throws where the log does not
 * answer.
 */
export async function readUnnamed(log: Log, unnamed: readonly UnnamedEvents[]): Promise<Touched> {
  const touched = untouched();
  const places = Map.groupBy(unnamed, ({ partition }) => partition);
  const last = Math.max(...unnamed.map(({ to }) => to));
  const tail = log.tail({ from: Math.min(...unnamed.map(({ from }) => from)) + 1 });
  try {
    for (let at = 0; at < last; ) {
      const { messages } = await tail.take(batchMax, waitMs);
      if (messages.length === 0) throw new Error(`${log.stream} gave nothing behind ${at} in ${waitMs} ms`);
      for (const message of messages) {
        at = message.sequence;
        if (at > last) break;
        const event = decodeEvent(message);
        if (isBad(event)) continue;
        const isOwn = places.get(event.partition)?.some(({ from, to }) => at > from && at <= to) ?? false;
        const isOfAll = event.kind.startsWith("sale.") || event.kind === "category.modified";
        if (!isOwn && !isOfAll) continue;
        const soldIn =
          event.kind === "sale.scheduled"
            ? event.data.items.map(({ product_id }) => product_id)
            : event.kind === "sale.cancelled"
              ? await soldUntilNow(log, event.token)
              : [];
        touchByEvent(touched, event, soldIn);
      }
    }
  } finally {
    await tail.close();
  }
  return touched;
}

async function soldUntilNow(
  log: Log,
  sale: Parameters<typeof storedSubject>[1],
): Promise<readonly Identifier[]> {
  const message = await log.last(storedSubject("sale.scheduled", sale));
  const event = message && decodeEvent(message);
  if (event === undefined || isBad(event) || event.kind !== "sale.scheduled") return [];
  return event.data.items.map(({ product_id }) => product_id);
}
