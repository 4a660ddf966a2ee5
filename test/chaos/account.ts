import { type Log, LogUnavailable, type StoredMessage } from "../../streams/log.ts";
import type { Fates } from "./publishing.ts";
import type { Story } from "./story.ts";

/**
 * What the log holds beside what its publisher was told, as sets (Jepsen's set test): lost is what was
 * acknowledged and is not there, unexpected is what is there and was refused or never sent, and a message id
 * is there once.
 */
export interface Account {
  readonly lost: number;
  readonly duplicates: number;
  readonly unexpected: number;
  /** Messages of an import, which has ids of its own. */
  readonly imported: number;
  /** The first of each, in words. */
  readonly wrong: readonly string[];
}

export interface AccountSettings {
  readonly logs: readonly Log[];
  readonly story: Story;
  readonly fates: Fates;
  /** Whether others but the story's publisher wrote to the log. */
  readonly withImport: boolean;
  /** Hears of every message of each log, in order. */
  readonly onMessage: (log: Log, message: StoredMessage) => void;
}

const shownMax = 5;
const takeMs = 5_000;

export async function accountFor(settings: AccountSettings): Promise<Account> {
  const { logs, story, fates, withImport, onMessage } = settings;
  const found = new Map<number, number>();
  const ids = new Set<string>();
  const duplicated: string[] = [];
  const unexpected: string[] = [];
  let imported = 0;

  function take(log: Log, message: StoredMessage): void {
    onMessage(log, message);
    const messageId = message.headers?.get("nats-msg-id") ?? "";
    const place = `${log.stream}/${message.sequence} (${messageId})`;
    if (ids.has(messageId)) duplicated.push(place);
    ids.add(messageId);
    const index = story.indexOf(messageId);
    if (index === undefined && withImport) imported++;
    else if (index === undefined || !mayBeThere(index, fates)) unexpected.push(place);
    else found.set(index, message.sequence);
  }

  for (const log of logs) await readFrom(log, 1, (message) => take(log, message));
  const lost: string[] = [];
  for (const [index, sequence] of fates.acked) {
    if (found.get(index) !== sequence) lost.push(`event ${index}, acknowledged as ${sequence}`);
  }
  const shown = (what: string, places: readonly string[]) =>
    places.slice(0, shownMax).map((place) => `${what}: ${place}`);
  return {
    lost: lost.length,
    duplicates: duplicated.length,
    unexpected: unexpected.length,
    imported,
    wrong: [
      ...shown("lost", lost),
      ...shown("twice in the log", duplicated),
      ...shown("unexpected in the log", unexpected),
    ],
  };
}

function mayBeThere(index: number, { acked, tried, refused }: Fates): boolean {
  return acked.has(index) || (tried.has(index) && !refused.has(index));
}

/** Every message from a sequence to the last one, which it resolves with; throws where a sequence is missing. */
export async function readFrom(
  log: Log,
  from: number,
  take: (message: StoredMessage) => void,
): Promise<number> {
  const { last } = await log.bounds();
  let at = from - 1;
  if (at >= last) return at;
  const tail = log.tail({ from });
  try {
    while (at < last) {
      const { messages } = await tail.take(4_096, takeMs);
      if (messages.length === 0)
        throw new LogUnavailable(`${log.stream} says nothing behind ${at} of ${last}`);
      for (const message of messages) {
        if (message.sequence !== ++at) throw new Error(`${log.stream} has no message ${at}`);
        take(message);
      }
    }
    return at;
  } finally {
    await tail.close();
  }
}
