import type { Log, StoredMessage, TailOptions } from "../../streams/log.ts";

export const bytes = (text: string): Uint8Array => Buffer.from(text);
export const textOf = (message: StoredMessage | undefined): string | undefined =>
  message && Buffer.from(message.payload).toString("utf8");

/** The first `count` messages of a tail, or fewer if the log stays silent for ten seconds. */
export async function readTail(
  log: Log,
  options: TailOptions,
  count: number,
): Promise<readonly StoredMessage[]> {
  const tail = log.tail(options);
  const read: StoredMessage[] = [];
  try {
    const deadline = Date.now() + 10_000;
    while (read.length < count && Date.now() < deadline) {
      read.push(...(await tail.take(count - read.length, 500)).messages);
    }
    return read;
  } finally {
    await tail.close();
  }
}

/** Appends and returns the sequence. Throws if the log answers with a conflict. */
export async function append(log: Log, subject: string, text: string): Promise<number> {
  const appended = await log.append(subject, bytes(text));
  if (appended.outcome === "conflict") throw new Error(`conflict on ${subject}`);
  return appended.sequence;
}
