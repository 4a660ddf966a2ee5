import type { Identifier } from "../../../streams/identifier.ts";
import { tokenOf } from "../../../streams/identifier.ts";
import type { Log, StoredMessage } from "../../../streams/log.ts";
import { publicSubject, storedSubject } from "../../../streams/subjects.ts";
import { ImportRefused } from "../import-refused.ts";
import type { FeedEvent } from "./feed-tally.ts";

/**
 * Making true in the log what a feed says: the last event on a subject is read, and another is published only
 * where it says something else.
 *
 * Nothing else remembers what was published. An import that was cut short anywhere finds on its next run what
 * it had done, and one that ran to its end finds everything. Each event is stored only if the one that was
 * read is still the last, so whoever publishes on the same subject meanwhile is not overwritten unseen: their
 * event is read, and judged again.
 */
export interface Fact {
  readonly kind: FeedEvent;
  readonly id: Identifier;
  readonly payload: Uint8Array;
  /** Whether the log's last event on the subject says the same already. */
  readonly holds: (last: StoredMessage) => boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Settled {
  /** Whether an event was published, or in a dry run would have been. */
  readonly published: boolean;
  /** Whether the log had an event on the subject before. */
  readonly known: boolean;
}

/**
 * `expectNew`: nothing is thought to be there, so the event is published at once on the condition that this
 * is so, and the log is read only where it is not. Right guesses save the read, wrong ones cost a publish.
 * Throws what the log throws.
 */
export type Settle = (fact: Fact, expectNew: boolean) => Promise<Settled>;

/** Somebody who publishes on one subject faster than we can read it has to stop first. */
const triesMax = 20;
/** Long enough for a server to restart. */
const deadlineMs = 50_000;

/** `published` hears of each event that was, or in a dry run would have been. */
export function createSettle(catalog: Log, dryRun: boolean, published: (kind: FeedEvent) => void): Settle {
  return async ({ kind, id, payload, holds, headers }, expectNew) => {
    const subject = publicSubject(kind, id);
    const publish = async (expectedLastSubjectSequence: number): Promise<boolean> => {
      if (dryRun) return true;
      const appended = await catalog.append(subject, payload, {
        expectedLastSubjectSequence,
        deadlineMs,
        ...(headers !== undefined && { headers }),
      });
      return appended.outcome === "stored";
    };
    if (expectNew && !dryRun && (await publish(0))) {
      published(kind);
      return { published: true, known: false };
    }
    for (let tries = 0; tries < triesMax; tries++) {
      // A replica may not have what was published a moment ago.
      const last = await catalog.last(storedSubject(kind, tokenOf(id)), "leader");
      if (last !== undefined && holds(last)) return { published: false, known: true };
      if (await publish(last?.sequence ?? 0)) {
        published(kind);
        return { published: true, known: last !== undefined };
      }
    }
    throw new ImportRefused(`somebody else keeps publishing on ${subject}: stop them, then run this again`);
  };
}

export function bytesOf(payload: object): Buffer {
  return Buffer.from(JSON.stringify(payload));
}
