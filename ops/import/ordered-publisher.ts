import type { Log } from "../../streams/log.ts";

/**
 * Publishing in one order over all subjects, as fast as that allows.
 *
 * A window of events is in flight at once. Each holds only if the event before it is the last of the stream, so
 * the log takes a prefix of the window in its order, whatever is lost, repeated or published by others
 * meanwhile; what it did not take is published again behind what it did. Only the first of a window is
 * unconditional: everything before it is acknowledged.
 */
export interface OrderedEvent {
  readonly subject: string;
  /** Message id: the same for the same event in every run. */
  readonly id: string;
  readonly payload: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

export interface OrderedPublisher {
  /** Takes an event in; a window that is full is on its way when this returns. */
  publish(event: OrderedEvent): Promise<void>;
  /** Everything taken in is acknowledged. Throws what the log throws. */
  drain(): Promise<void>;
  /** Nothing is in flight any more, whatever became of it. Never throws. */
  settle(): Promise<void>;
  counts(): { readonly published: number; readonly skipped: number; readonly sequence: number };
}

/** The window of a JetStream log is sent in one go: it must not exceed `limits.appendsInFlightMax`. */
const windowMax = 512;
/** Long enough for a server to restart, short enough for it to remember the id of the first try. */
const deadlineMs = 50_000;

export function createOrderedPublisher(log: Log): OrderedPublisher {
  let gathered: OrderedEvent[] = [];
  let underWay: Promise<void> = Promise.resolve();
  let published = 0;
  let skipped = 0;
  let sequence = 0;

  async function send(window: readonly OrderedEvent[]): Promise<void> {
    for (let left = window; left.length > 0; ) {
      const sent = left.map(({ subject, payload, id, headers }, at) => {
        const before = left[at - 1];
        const chained = before === undefined ? {} : { expectedLastId: before.id };
        return log.append(subject, payload, { id, headers, deadlineMs, ...chained });
      });
      // Nothing is in flight any more when this fails.
      await Promise.allSettled(sent);
      const outcomes = await Promise.all(sent);
      let stored = 0;
      for (const appended of outcomes) {
        if (appended.outcome === "conflict") break;
        stored++;
        if (appended.duplicate) skipped++;
        else published++;
        sequence = Math.max(sequence, appended.sequence);
      }
      if (stored === 0) throw new Error(`${log.stream} answered a conflict to an unconditional append`);
      left = left.slice(stored);
    }
  }

  async function flush(): Promise<void> {
    await underWay;
    const window = gathered;
    gathered = [];
    underWay = send(window);
    // Its failure surfaces at the next flush.
    underWay.catch(() => {});
  }

  return {
    async publish(event) {
      gathered.push(event);
      if (gathered.length >= windowMax) await flush();
    },
    async drain() {
      await flush();
      await underWay;
    },
    settle: () => underWay.catch(() => {}),
    counts: () => ({ published, skipped, sequence }),
  };
}
