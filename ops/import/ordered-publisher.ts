import type { Appended, Log } from "../../streams/log.ts";

/**
 * Publishing in one order over all subjects, as fast as that allows.
 *
 * Many events are in flight at once. Each holds only if the event before it is the last of the stream, unless
 * that one is acknowledged already; so the log takes them in their order up to some point, whatever is lost,
 * repeated or published by others meanwhile, and what it did not take is published again behind what it did.
 */
export interface OrderedEvent {
  readonly subject: string;
  /** Message id: the same for the same event in every run. */
  readonly id: string;
  readonly payload: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

export interface OrderedPublisher {
  /** Takes an event in, once there is room. Throws what the log threw for an earlier one. */
  publish(event: OrderedEvent): Promise<void>;
  /** Everything taken in is acknowledged. Throws what the log throws. */
  drain(): Promise<void>;
  /** Nothing is in flight any more, whatever became of it. Never throws. */
  settle(): Promise<void>;
  counts(): { readonly published: number; readonly skipped: number; readonly sequence: number };
}

interface Sent {
  readonly event: OrderedEvent;
  readonly appending: Promise<Appended>;
  stored: boolean;
}

/** As many as a log appends at once: were it more, some would wait inside it, and not in their order. */
const inFlightMax = 512;
/** Long enough for a server to restart, short enough for it to remember the id of the first try. */
const deadlineMs = 50_000;

export function createOrderedPublisher(log: Log): OrderedPublisher {
  /** In their order. */
  let inFlight: Sent[] = [];
  let published = 0;
  let skipped = 0;
  let sequence = 0;

  function send(event: OrderedEvent): void {
    const { subject, payload, id, headers } = event;
    const before = inFlight.at(-1);
    const chained = before === undefined || before.stored ? {} : { expectedLastId: before.event.id };
    const appending = log.append(subject, payload, { id, headers, deadlineMs, ...chained });
    const sent: Sent = { event, appending, stored: false };
    appending.then(
      ({ outcome }) => {
        sent.stored = outcome === "stored";
      },
      // It surfaces when its turn comes.
      () => {},
    );
    inFlight.push(sent);
  }

  const settle = async () => {
    await Promise.allSettled(inFlight.map(({ appending }) => appending));
  };

  /** The oldest in flight is acknowledged, or it and all behind it are sent again. */
  async function settleOldest(): Promise<void> {
    const [oldest] = inFlight;
    if (oldest === undefined) return;
    const appended = await oldest.appending;
    if (appended.outcome === "stored") {
      inFlight.shift();
      if (appended.duplicate) skipped++;
      else published++;
      sequence = Math.max(sequence, appended.sequence);
      return;
    }
    await settle();
    const again = inFlight;
    if (again.some(({ stored }) => stored))
      throw new Error(`${log.stream} stored an event behind one that it did not take`);
    inFlight = [];
    for (const { event } of again) send(event);
  }

  return {
    async publish(event) {
      while (inFlight.length >= inFlightMax) await settleOldest();
      send(event);
    },
    async drain() {
      while (inFlight.length > 0) await settleOldest();
    },
    settle,
    counts: () => ({ published, skipped, sequence }),
  };
}
