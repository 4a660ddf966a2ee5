import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { type Log, LogUnavailable, type StoredMessage } from "../../streams/log.ts";
import { type CatalogKind, storedSubject } from "../../streams/subjects.ts";
import { eventOf } from "../verify/reference/fold.ts";

/**
 * What the log held about one product before a message, as far as it still counts: the last good event of each
 * register by exact subject, and every review. So a single product can be followed without a fold of the whole log.
 *
 * Costs four reads of the log. The history of one exact subject is read where its last message says nothing: all
 * reviews, and a register whose last event is bad, or is behind the message already.
 */

const registers: readonly CatalogKind[] = ["product.modified", "price.updated", "inventory.changed"];
const takeMax = 4_096;
const takeMs = 5_000;

/** In the order of each subject. `message` is good. Throws `LogUnavailable` where the log does not answer. */
export async function readBefore(
  log: Log,
  id: Identifier,
  message: StoredMessage,
): Promise<readonly StoredMessage[]> {
  const token = tokenOf(id);
  const found = await Promise.all([
    ...registers.map((kind) => readRegister(log, storedSubject(kind, token), message)),
    readSubject(log, storedSubject("review.posted", token), message.sequence),
  ]);
  return found.flat();
}

async function readRegister(
  log: Log,
  subject: string,
  message: StoredMessage,
): Promise<readonly StoredMessage[]> {
  // What stood there before is what the message replaces.
  if (subject === message.subject) return [];
  const last = await log.last(subject, "leader");
  if (last === undefined) return [];
  if (last.sequence < message.sequence && !("bad" in eventOf(last))) return [last];
  return readSubject(log, subject, message.sequence);
}

/** Everything that happened to a product by itself before a sequence, in the order of the log. */
export async function readAllBefore(
  log: Log,
  id: Identifier,
  sequence: number,
): Promise<readonly StoredMessage[]> {
  const subjects = [...registers, "review.posted" as const].map((kind) => storedSubject(kind, tokenOf(id)));
  const found = await Promise.all(subjects.map((subject) => readSubject(log, subject, sequence)));
  return found.flat().sort((a, b) => a.sequence - b.sequence);
}

/** Everything on one exact subject before a sequence. */
async function readSubject(log: Log, subject: string, before: number): Promise<readonly StoredMessage[]> {
  const last = await log.last(subject, "leader");
  if (last === undefined) return [];
  const found: StoredMessage[] = [];
  const tail = log.tail({ from: 1, subject });
  try {
    for (let at = 0; at < Math.min(last.sequence, before); ) {
      const { messages } = await tail.take(takeMax, takeMs);
      if (messages.length === 0) throw new LogUnavailable(`${log.stream} does not answer for ${subject}`);
      for (const message of messages) if (message.sequence < before) found.push(message);
      at = messages.at(-1)?.sequence ?? at;
    }
  } finally {
    await tail.close();
  }
  return found;
}

/** Everything about sales up to a sequence: which products they name is in no subject. */
export async function readSales(
  log: Log,
  upTo: number,
  take: (message: StoredMessage) => void,
): Promise<void> {
  const subject = "log.catalog.*.sale.*.*";
  const first = await log.next(subject, 1);
  if (first === undefined || first.sequence > upTo) return;
  const tail = log.tail({ from: first.sequence, subject });
  try {
    for (let more = true; more; ) {
      const { messages, pending } = await tail.take(takeMax, takeMs);
      if (messages.length === 0) throw new LogUnavailable(`${log.stream} does not answer for ${subject}`);
      for (const message of messages) if (message.sequence <= upTo) take(message);
      more = pending > 0 && (messages.at(-1)?.sequence ?? 0) < upTo;
    }
  } finally {
    await tail.close();
  }
}
