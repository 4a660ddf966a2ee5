import type { Identifier } from "./identifier.ts";
import { tokenOf } from "./identifier.ts";
import { type Log, LogRefused, type StoredMessage } from "./log.ts";
import { type LogName, publishedSubject } from "./subjects.ts";

/**
 * The quarantine: a copy of everything that could not be an event, with a reason that a person can act on.
 *
 * The log itself is never edited; the copy is for people. One bad message has one place here, so that a
 * replay that meets it again adds nothing. When a mended event was published, the entry is marked and stays.
 */
export interface QuarantineEntry {
  readonly log: LogName;
  /** As its publisher wrote it. */
  readonly subject: string;
  readonly sequence: number;
  /** When the log took it, in milliseconds since 1970. */
  readonly time: number;
  readonly reason: string;
  readonly payload: Uint8Array;
  /** The product that the reason concerns, where the event is bad for that one alone. */
  readonly product?: Identifier;
  /** Where the mended event went: `<stream>/<sequence>`. */
  readonly republished?: string;
}

const decimal = /^\d+$/;

/** The entry for a bad message. */
export function entryOf(
  log: LogName,
  message: StoredMessage,
  reason: string,
  product?: Identifier,
): QuarantineEntry {
  return {
    log,
    subject: publishedSubject(message.subject),
    sequence: message.sequence,
    time: message.time,
    reason,
    payload: message.payload,
    ...(product === undefined ? {} : { product }),
  };
}

/**
 * Stores the copy, once. Returns false if it was there before, or if the quarantine is full: a full
 * quarantine must not stop the events behind it, and the log still holds the original.
 */
export async function quarantine(log: Log, entry: QuarantineEntry): Promise<"stored" | "known" | "full"> {
  try {
    const { outcome } = await log.append(subjectOf(entry), entry.payload, {
      expectedLastSubjectSequence: 0,
      headers: headersOf(entry),
    });
    return outcome === "stored" ? "stored" : "known";
  } catch (error) {
    if (error instanceof LogRefused) return "full";
    throw error;
  }
}

/** Marks an entry whose mended event is in the log at `position`. */
export async function markRepublished(log: Log, entry: QuarantineEntry, position: string): Promise<void> {
  await log.append(subjectOf(entry), entry.payload, {
    headers: headersOf({ ...entry, republished: position }),
  });
}

/** Every entry, in the order in which it came. */
export async function* listQuarantine(log: Log): AsyncIterable<QuarantineEntry> {
  const { messages, last } = await log.bounds();
  if (messages === 0) return;
  const tail = log.tail({ from: 1, subject: "quarantine.>" });
  try {
    for (let at = 0; at < last; ) {
      const batch = await tail.take(500, 5_000);
      for (const message of batch.messages) {
        at = message.sequence;
        yield readEntry(message);
      }
    }
  } finally {
    await tail.close();
  }
}

function subjectOf({ log, sequence, product }: QuarantineEntry): string {
  const place = `quarantine.${log}.${sequence}`;
  return product === undefined ? place : `${place}.${tokenOf(product)}`;
}

/** Reasons quote what publishers sent, so line ends and the like are taken out of what becomes a header. */
function headerText(text: string): string {
  return encodeURI(text.slice(0, 2_000).toWellFormed()).replaceAll("%20", " ");
}

function headersOf(entry: QuarantineEntry): Record<string, string> {
  return {
    "Shelfwire-Log": entry.log,
    "Shelfwire-Subject": headerText(entry.subject),
    "Shelfwire-Sequence": String(entry.sequence),
    "Shelfwire-Time": String(entry.time),
    "Shelfwire-Reason": headerText(entry.reason),
    ...(entry.product === undefined ? {} : { "Shelfwire-Product": headerText(entry.product) }),
    ...(entry.republished === undefined ? {} : { "Shelfwire-Republished": entry.republished }),
  };
}

function readEntry({ headers, payload }: StoredMessage): QuarantineEntry {
  const header = (name: string) => decodeURI(headers?.get(`shelfwire-${name}`) ?? "");
  const sequence = header("sequence");
  const product = header("product");
  const republished = header("republished");
  return {
    log: header("log") === "activity" ? "activity" : "catalog",
    subject: header("subject"),
    sequence: decimal.test(sequence) ? Number(sequence) : 0,
    time: Number(header("time")),
    reason: header("reason"),
    payload,
    ...(product === "" ? {} : { product: product as Identifier }),
    ...(republished === "" ? {} : { republished }),
  };
}
