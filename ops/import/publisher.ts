import type { Log } from "../../streams/log.ts";

/**
 * Publishing a feed's events as fast as order allows.
 *
 * Events of one subject are appended one behind the other's acknowledgement, so that a retry can never
 * change their order and a crash leaves a prefix of each subject's events; different subjects go in
 * parallel. When an append fails for good, nothing more is begun and the failure surfaces at the next
 * `room` or `drain`.
 */

export interface Publication {
  readonly log: Log;
  readonly subject: string;
  /** Message id: the same for the same event in every run. */
  readonly id: string;
  readonly payload: Uint8Array;
}

export interface Publisher {
  /** Takes an event in. False: the publisher is full, so wait for `room` before the next one. */
  offer(publication: Publication): boolean;
  room(): Promise<void>;
  /** Everything taken in is acknowledged. */
  drain(): Promise<void>;
  /** Nothing is in flight any more, whatever became of it. Never throws. */
  settle(): Promise<void>;
  counts(): PublisherCounts;
}

export interface PublisherCounts {
  readonly published: number;
  /** What an earlier run had published, known by its id. */
  readonly skipped: number;
  /** The highest sequence acknowledged, by stream. */
  readonly sequences: ReadonlyMap<string, number>;
}

export const publisherLimits = {
  /** More in flight makes each acknowledgement later, and with it the next event of a busy subject. */
  inFlightMax: 256,
  heldMax: 8_192,
  /** Long enough for a server to restart, short enough for it to remember the id of the first try. */
  appendDeadlineMs: 50_000,
} as const;

/** `already` holds the ids of events that an earlier run published. */
export function createPublisher(already: ReadonlySet<string>): Publisher {
  const { inFlightMax, heldMax, appendDeadlineMs: deadlineMs } = publisherLimits;
  /** By subject, those behind the one that is in flight or ready. */
  const behind = new Map<string, Publication[]>();
  let ready: Publication[] = [];
  let held = 0;
  let inFlight = 0;
  let published = 0;
  let skipped = 0;
  let failure: { readonly error: unknown } | undefined;
  let waiters: { readonly heldAtMost: number; readonly wake: () => void }[] = [];
  const sequences = new Map<string, number>();

  function start(publication: Publication): void {
    inFlight++;
    const { log, subject, id, payload } = publication;
    log.append(subject, payload, { id, deadlineMs }).then(
      (appended) => {
        if (appended.outcome === "conflict") {
          fail(new Error(`${log.stream} answered a conflict to an unconditional append of ${id}`));
          return;
        }
        if (appended.duplicate) skipped++;
        else published++;
        sequences.set(log.stream, Math.max(sequences.get(log.stream) ?? 0, appended.sequence));
        finish(subject);
      },
      (error: unknown) => fail(error),
    );
  }

  function finish(subject: string): void {
    inFlight--;
    if (failure === undefined) {
      held--;
      const next = behind.get(subject)?.shift();
      if (next === undefined) behind.delete(subject);
      // A subject with a queue goes first: the longest queue decides when the file is done.
      const following = next ?? ready.shift();
      if (following !== undefined) start(following);
    }
    wakeWaiters();
  }

  function fail(error: unknown): void {
    failure ??= { error };
    inFlight--;
    ready = [];
    behind.clear();
    wakeWaiters();
  }

  function wakeWaiters(): void {
    if (waiters.length === 0) return;
    const settled = failure !== undefined && inFlight === 0;
    const woken = waiters.filter(
      ({ heldAtMost }) => settled || (failure === undefined && held <= heldAtMost),
    );
    waiters = waiters.filter((waiter) => !woken.includes(waiter));
    for (const { wake } of woken) wake();
  }

  async function until(heldAtMost: number): Promise<void> {
    await new Promise<void>((wake) => {
      waiters.push({ heldAtMost, wake });
      wakeWaiters();
    });
    if (failure !== undefined) throw failure.error;
  }

  return {
    offer(publication) {
      if (already.has(publication.id)) {
        skipped++;
        return true;
      }
      if (failure !== undefined) return false;
      held++;
      const queue = behind.get(publication.subject);
      if (queue !== undefined) {
        queue.push(publication);
      } else {
        behind.set(publication.subject, []);
        if (inFlight < inFlightMax) start(publication);
        else ready.push(publication);
      }
      return held < heldMax;
    },
    room: () => until(heldMax / 2),
    drain: () => until(0),
    settle: () => until(0).catch(() => {}),
    counts: () => ({ published, skipped, sequences }),
  };
}
