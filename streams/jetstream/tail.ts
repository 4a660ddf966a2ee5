import { setTimeout as delay } from "node:timers/promises";
import { AckPolicy, DeliverPolicy, type JetStreamManager } from "@nats-io/jetstream";
import { createInbox, type NatsConnection } from "nats";
import { limits } from "../limits.ts";
import {
  LogUnavailable,
  LogVanished,
  type StoredMessage,
  type Tail,
  type TailBatch,
  type TailOptions,
} from "../log.ts";
import { createPlaceReader } from "./ack-subject.ts";
import { parseHeaderBlock } from "./read.ts";
import { openWire, type Wire } from "./wire.ts";
import type { Frame } from "./wire-parser.ts";

/**
 * A tail: one short-lived consumer in the server's memory, read by pulls of our own.
 *
 * Nothing is acknowledged, because what was done with a message is known by the one who did it, not by the
 * server. Order is checked by the consumer's own count: a message out of turn, a silence longer than three
 * heartbeats, a reconnect or an error makes a new consumer behind the last message that was in turn. Pulls
 * are issued as messages are taken, so a slow taker holds at most `limits.tailMessagesMax` in memory, twice as many for as
 * long as pulls that end by their time overlap with the next ones.
 *
 * Reading with our own pulls on a wire of its own costs a quarter of what the client's ordered consumer costs
 * (docs/decisions.md).
 */
export function createTail(
  connection: NatsConnection,
  manager: JetStreamManager,
  stream: string,
  options: TailOptions,
): Tail {
  let next = options.from;
  let buffer: StoredMessage[] = [];
  let pending = 0;
  let wake: () => void = () => {};
  let failure: unknown;
  let closed = false;
  let current: Reading | undefined;
  let opening: Promise<void> | undefined;

  interface Reading {
    readonly consumer: string;
    readonly inbox: string;
    readonly readPlace: ReturnType<typeof createPlaceReader>;
    wire: Wire | undefined;
    /** The pulls under way, oldest first, and how many messages each is still due. */
    pulls: { readonly pull: number; readonly until: number; left: number }[];
    delivered: number;
    /** Whether anything came since the watchdog looked, and how often it found nothing. */
    heard: boolean;
    silentBeats: number;
    pullCount: number;
  }

  function reopen(): void {
    if (closed || opening !== undefined) return;
    opening = open()
      .catch((error) => {
        failure = error;
        wake();
      })
      .finally(() => {
        opening = undefined;
      });
  }

  async function open(): Promise<void> {
    drop();
    for (let attempt = 0; !closed; attempt++) {
      if (connection.isClosed()) throw new LogUnavailable(`the connection to ${stream} is closed`);
      if (attempt > 0) await delay(Math.min(50 * 2 ** attempt, 1_000));
      try {
        await openOnce();
        return;
      } catch (error) {
        if ((error as { code?: unknown }).code === 10059) {
          throw new LogVanished(`the stream ${stream} does not exist`, { cause: error });
        }
      }
    }
  }

  async function openOnce(): Promise<void> {
    const info = await manager.consumers.add(stream, {
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: next,
      ...(options.subject === undefined ? {} : { filter_subject: options.subject }),
      inactive_threshold: 30_000 * 1e6,
      max_deliver: -1,
      mem_storage: true,
      num_replicas: 1,
    });
    if (options.subject !== undefined && info.config.filter_subject !== options.subject) {
      throw new Error(`the server made a consumer without the filter ${options.subject}`);
    }
    const reading: Reading = {
      consumer: info.name,
      inbox: createInbox(),
      readPlace: createPlaceReader(),
      wire: undefined,
      pulls: [],
      delivered: 0,
      heard: true,
      silentBeats: 0,
      pullCount: 0,
    };
    const wire = await openWire({
      server: connection.getServer(),
      name: `tail of ${stream}`,
      subject: `${reading.inbox}.*`,
      message: (frame) => hear(reading, frame),
      lost: () => {
        if (reading === current) reopen();
      },
      timeoutMs: limits.readMs,
    });
    if (closed || connection.isClosed()) {
      wire.close();
      return;
    }
    reading.wire = wire;
    current = reading;
    pullMore();
  }

  function drop(): void {
    if (current === undefined) return;
    const { wire, consumer } = current;
    current = undefined;
    wire?.close();
    void manager.consumers.delete(stream, consumer).catch(() => {});
  }

  /**
   * Asks for more while what is buffered and under way leaves room. A pull that will soon be over by its time does not count
   * as one any more, so that the next one is there before: not every server says that one has ended (2.9.10 leaves it out
   * now and then where it had served a part of it), and without a pull it says nothing at all.
   */
  function pullMore(): void {
    if (current === undefined) return;
    const at = performance.now();
    current.pulls = current.pulls.filter(({ until }) => until > at);
    let due = buffer.length;
    for (const { left, until } of current.pulls) if (until > at + limits.pullAheadMs) due += left;
    if (due + limits.pullMessages > limits.tailMessagesMax) return;
    const pull = current.pullCount++;
    current.pulls.push({ pull, until: at + limits.pullExpiresMs, left: limits.pullMessages });
    current.wire?.publish(
      `$JS.API.CONSUMER.MSG.NEXT.${stream}.${current.consumer}`,
      `${current.inbox}.${pull}`,
      JSON.stringify({
        batch: limits.pullMessages,
        max_bytes: limits.pullBytes,
        expires: limits.pullExpiresMs * 1e6,
        idle_heartbeat: limits.heartbeatMs * 1e6,
      }),
    );
  }

  function hear(reading: Reading, frame: Frame): void {
    if (reading !== current) return;
    reading.heard = true;
    const { bytes, payloadStart } = frame;
    if (frame.replyStart === frame.replyEnd) {
      hearStatus(reading, frame);
      return;
    }
    const place = reading.readPlace(bytes, frame.replyStart, frame.replyEnd);
    if (place.count !== reading.delivered + 1) {
      reopen();
      return;
    }
    reading.delivered = place.count;
    const oldest = reading.pulls[0];
    if (oldest !== undefined && --oldest.left === 0) reading.pulls.shift();
    pending = place.pending;
    // nats-server 2.9 begins at its last message when asked to begin behind it.
    if (place.sequence < next) return;
    next = place.sequence + 1;
    buffer.push({
      sequence: place.sequence,
      time: place.time,
      subject: bytes.toString("latin1", frame.subjectStart, frame.subjectEnd),
      payload: bytes.subarray(payloadStart, frame.payloadEnd),
      headers:
        frame.headersStart === payloadStart
          ? undefined
          : parseHeaderBlock(bytes.subarray(frame.headersStart, payloadStart)),
    });
    if (buffer.length === 1) wake();
  }

  /** What is no message of the log: a heartbeat, or the end of one pull, which its inbox names. */
  function hearStatus(reading: Reading, { bytes, subjectStart, subjectEnd, headersStart }: Frame): void {
    const pull = Number(bytes.toString("latin1", subjectStart + reading.inbox.length + 1, subjectEnd));
    // `NATS/1.0 409 Batch Completed`
    const status = bytes.toString("latin1", headersStart, bytes.indexOf("\r\n", headersStart));
    const code = status.slice(9, 12);
    if (code === "100") return;
    reading.pulls = reading.pulls.filter((one) => one.pull !== pull);
    const ended =
      code === "404" || code === "408" || (code === "409" && /MaxBytes|Batch Completed/i.test(status));
    if (ended) pullMore();
    else reopen();
  }

  const watchdog = setInterval(() => {
    if (opening !== undefined) return;
    if (current === undefined) reopen();
    else if (current.heard) {
      current.heard = false;
      current.silentBeats = 0;
      pullMore();
    } else if (++current.silentBeats * limits.heartbeatMs > limits.silenceMs) reopen();
  }, limits.heartbeatMs);
  watchdog.unref();
  void (async () => {
    for await (const status of connection.status()) {
      if (closed) return;
      if (status.type === "reconnect") reopen();
    }
    // The connection is closed for good, and a wire does not outlive it.
    reopen();
  })();
  reopen();

  return {
    async take(max, waitMs): Promise<TailBatch> {
      if (buffer.length === 0 && failure === undefined && !closed) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, waitMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wake = () => {};
      }
      if (buffer.length === 0 && failure !== undefined) {
        const error = failure;
        failure = undefined;
        reopen();
        throw error;
      }
      const messages = buffer.length <= max ? buffer : buffer.slice(0, max);
      buffer = buffer.length <= max ? [] : buffer.slice(max);
      const batch = { messages, pending: pending + buffer.length };
      pullMore();
      return batch;
    },
    async close() {
      closed = true;
      clearInterval(watchdog);
      drop();
      await opening;
      wake();
    },
  };
}
