import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerMessages,
  DeliverPolicy,
  jetstream,
  jetstreamManager,
  type JsMsg,
  ReplayPolicy,
} from "@nats-io/jetstream";
import type { NatsConnection } from "nats";
import { ConsumerLost, type DeliveredWord, type DurableConsumer, lookBack } from "../durable-consumer.ts";
import { limits } from "../limits.ts";

const consumerNotFound = 10014;

const floorText = "acknowledged before it was made: ";
const floorIn = (description = ""): number =>
  description.startsWith(floorText) ? Number(description.slice(floorText.length)) || 0 : 0;

/**
 * A durable pull consumer on JetStream.
 *
 * The server would deliver what was not acknowledged only after `ack_wait`, out of turn. So whoever opens the consumer
 * makes it anew behind the acknowledged floor of the one that was there, and a delivery out of turn, which means that
 * one was lost on its way, ends the reading: no word is ever waited for. A reader that is lost asks for nothing more, since
 * it would be given the words of its successor, which has the same name. Until
 * the first acknowledgement of the new consumer its description remembers the floor. If its maker dies between the two steps, all
 * that the stream still holds is delivered once more.
 */
export async function openDurableConsumer(
  connection: NatsConnection,
  stream: string,
  name: string,
): Promise<DurableConsumer> {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: limits.readMs });
  const standing = await manager.consumers.info(stream, name).catch((error: { code?: unknown }) => {
    if (error.code === consumerNotFound) return undefined;
    throw error;
  });
  const known = Math.max(standing?.ack_floor.stream_seq ?? 0, floorIn(standing?.config.description));
  if (standing !== undefined) await manager.consumers.delete(stream, name);
  const from = Math.max(1, known + 1 - lookBack);
  const wanted = {
    name,
    durable_name: name,
    description: `${floorText}${known}`,
    ack_policy: AckPolicy.All,
    ack_wait: limits.acknowledgeMs * 1e6,
    max_ack_pending: limits.unacknowledgedMax,
    max_deliver: -1,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: from,
    replay_policy: ReplayPolicy.Instant,
  } satisfies Partial<ConsumerConfig>;
  const { config } = await manager.consumers.add(stream, { ...wanted });
  for (const [field, value] of Object.entries(wanted)) {
    const made = config[field as keyof typeof wanted];
    if (made !== value)
      throw new ConsumerLost(
        `the server made the consumer ${name} with ${field} ${made}, asked for ${value}`,
      );
  }

  let buffer: DeliveredWord[] = [];
  /** What was delivered and not acknowledged, in order. */
  let out: JsMsg[] = [];
  let delivered = 0;
  let failure: ConsumerLost | undefined;
  let wake: () => void = () => {};
  let reading: ConsumerMessages | undefined;

  const end = async () => {
    await reading?.close().catch(() => {});
  };

  function lose(reason: string): void {
    if (failure !== undefined) return;
    failure = new ConsumerLost(`${name}: ${reason}`);
    wake();
    void end();
  }

  function acknowledge(sequence: number): void {
    const upTo = out.findLastIndex(({ seq }) => seq <= sequence);
    if (upTo < 0 || connection.isClosed()) return;
    out[upTo]?.ack();
    out = out.slice(upTo + 1);
  }

  function hear(message: JsMsg): void {
    if (failure !== undefined) return;
    const { deliverySequence, streamSequence, timestampNanos } = message.info;
    if (deliverySequence !== delivered + 1) {
      lose(`delivery ${delivered + 1} did not come`);
      return;
    }
    delivered = deliverySequence;
    out.push(message);
    // nats-server 2.9 begins at its last message when asked to begin behind it.
    if (streamSequence < from) return;
    const time = Math.floor(timestampNanos / 1e6);
    buffer.push({ sequence: streamSequence, time, bytes: message.data, isKnown: streamSequence <= known });
    wake();
  }

  const consumer = await jetstream(connection, { timeout: limits.readMs }).consumers.get(stream, name);
  const opened = await consumer.consume({
    max_messages: limits.pullWords,
    expires: limits.pullExpiresMs,
    idle_heartbeat: limits.heartbeatMs,
    callback: hear,
  });
  reading = opened;
  if (failure !== undefined) await end();
  void opened.closed().then(() => lose("its consumer ended"));
  void (async () => {
    for await (const { type } of opened.status()) {
      if (type === "consumer_deleted" || type === "consumer_not_found" || type === "stream_not_found")
        lose("its consumer is gone");
    }
  })();

  void (async () => {
    for await (const { type } of connection.status()) {
      if (failure !== undefined) return;
      // An acknowledgement that went with the link would leave the server waiting for it for ever.
      if (type === "reconnect") lose("the link was lost");
    }
  })();

  return {
    floor: known,
    async take(max, waitMs) {
      if (buffer.length === 0 && failure === undefined) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, waitMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wake = () => {};
      }
      if (failure !== undefined) throw failure;
      const words = buffer.slice(0, max);
      buffer = buffer.slice(max);
      return words;
    },
    acknowledge,
    close: end,
  };
}
