import { setImmediate as immediate } from "node:timers/promises";
import { decodeEvent, isBad } from "../streams/events.ts";
import type { StoredMessage } from "../streams/log.ts";
import type { BatchEntry, Refusal } from "./projection.ts";

/** A batch of the log as events, and what in it is none. */
export interface DecodedBatch {
  readonly entries: readonly BatchEntry[];
  readonly refused: readonly Refusal[];
}

const sliceMessages = 256;

/**
 * Decodes what is the projector's own, by partition and sequence, and every event that concerns all.
 *
 * It works in slices, so that the batch before this one, which is being written meanwhile, hears its answers
 * in between and keeps Redis busy.
 */
export async function decodeBatch(
  messages: readonly StoredMessage[],
  isOwn: (partition: number, sequence: number) => boolean,
): Promise<DecodedBatch> {
  const entries: BatchEntry[] = [];
  const refused: Refusal[] = [];
  let inSlice = 0;
  for (const message of messages) {
    if (inSlice++ === sliceMessages) {
      await immediate();
      inSlice = 1;
    }
    const decoded = decodeEvent(message);
    const own = isOwn(decoded.partition, message.sequence);
    if (isBad(decoded)) {
      if (!own) continue;
      refused.push({ message, partition: decoded.partition, reason: decoded.reason });
    } else if (!own && !concernsEveryone(decoded.kind)) continue;
    entries.push({ message, decoded });
  }
  return { entries, refused };
}

/** Categories and sales matter to the products of every partition. */
function concernsEveryone(kind: string): boolean {
  return kind === "category.modified" || kind === "sale.scheduled" || kind === "sale.cancelled";
}
