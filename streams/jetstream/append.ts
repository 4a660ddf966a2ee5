import { setTimeout as delay } from "node:timers/promises";
import { type NatsConnection, nuid } from "nats";
import { limits } from "../limits.ts";
import { type Appended, type AppendOptions, LogRefused, LogUnavailable, type StoredMessage } from "../log.ts";
import { storedSubjectOf } from "../subjects.ts";
import { createSlots } from "../slots.ts";
import { createPublishes } from "./publishes.ts";

/**
 * Appending, with every outcome known in the end.
 *
 * A publish that timed out may be in the stream: the server may only have been paused. So each message has
 * an id, a try without an answer is repeated with the same id, and what the repetition hears is checked:
 * a duplicate counts only if the message at its sequence carries our id (servers 2.10.14 to 2.10.29 answer
 * "duplicate" for messages that they lost; where something was expected, that is a conflict: nothing was stored), a conflict
 * counts only if the message in the way is not ours.
 */

interface PublishReply {
  readonly stream?: string;
  readonly seq?: number;
  readonly duplicate?: boolean;
  readonly error?: { readonly code: number; readonly err_code: number; readonly description: string };
}

/** What the appender reads back to resolve an unknown outcome, from the leader. */
export interface ReadBack {
  last(subject: string): Promise<StoredMessage | undefined>;
  at(sequence: number): Promise<StoredMessage | undefined>;
}

/** The server counts headers to the payload. */
const headerBytesMax = 8 * 1024;

/** Not the last sequence of its subject, not the last id of the stream. */
const wrongLast = new Set([10070, 10071, 10164]);
/** Too large, or the stream, the account or the server is full: another try would hear the same. */
const refused = new Set([10023, 10047, 10053, 10054, 10077]);

export type Append = (subject: string, payload: Uint8Array, options?: AppendOptions) => Promise<Appended>;

export function createAppend(connection: NatsConnection, stream: string, readBack: ReadBack): Append {
  const slots = createSlots(limits.appendsInFlightMax);
  const publishes = createPublishes(connection, stream);

  async function resolve(
    subject: string,
    payload: Uint8Array,
    options: AppendOptions,
    id: string,
  ): Promise<Appended> {
    const room = (connection.info?.max_payload ?? Number.POSITIVE_INFINITY) - headerBytesMax;
    if (payload.byteLength > room)
      throw new LogRefused(`${subject}: ${payload.byteLength} bytes are too large to send`);
    const headers: [string, string][] = [
      ["Nats-Msg-Id", id],
      ["Nats-Expected-Stream", stream],
      ...Object.entries(options.headers ?? {}),
    ];
    if (options.expectedLastSubjectSequence !== undefined)
      headers.push(["Nats-Expected-Last-Subject-Sequence", String(options.expectedLastSubjectSequence)]);
    if (options.expectedLastId !== undefined)
      headers.push(["Nats-Expected-Last-Msg-Id", options.expectedLastId]);
    const deadline = performance.now() + (options.deadlineMs ?? limits.appendDeadlineMs);
    let obstacle = "no answer";
    for (let attempt = 0; performance.now() < deadline; attempt++) {
      if (attempt > 0) await delay(Math.min(20 * 2 ** attempt, 500) * (0.5 + Math.random() / 2));
      let reply: PublishReply;
      try {
        reply = JSON.parse(await publishes.publish(subject, headers, payload)) as PublishReply;
      } catch (error) {
        if (connection.isClosed()) throw new LogUnavailable(`the connection to ${stream} is closed`);
        obstacle = (error as Error).message;
        continue;
      }
      const { error } = reply;
      if (error === undefined && reply.seq !== undefined && reply.seq > 0) {
        if (reply.duplicate !== true) return { outcome: "stored", sequence: reply.seq, duplicate: false };
        const earlier = await readBack.at(reply.seq).then(
          (found) => ({ found }),
          () => undefined,
        );
        if (earlier?.found?.headers?.get("nats-msg-id") === id) {
          return { outcome: "stored", sequence: reply.seq, duplicate: attempt === 0 };
        }
        if (earlier !== undefined && options.expectedLastSubjectSequence !== undefined)
          return { outcome: "conflict" };
        obstacle = `the server calls ${id} a duplicate of message ${reply.seq}, which is not it`;
        continue;
      }
      if (error !== undefined && refused.has(error.err_code)) {
        throw new LogRefused(`${stream} refused ${subject}: ${error.description}`);
      }
      if (error !== undefined && wrongLast.has(error.err_code)) {
        const standing = await readBack.last(storedSubjectOf(subject)).catch(() => undefined);
        if (standing?.headers?.get("nats-msg-id") === id) {
          return { outcome: "stored", sequence: standing.sequence, duplicate: attempt === 0 };
        }
        if (standing !== undefined || options.expectedLastSubjectSequence !== 0)
          return { outcome: "conflict" };
      }
      obstacle = error?.description ?? "an acknowledgement without a sequence";
    }
    throw new LogUnavailable(
      `${stream} did not acknowledge ${subject} in time (${obstacle}); it may have stored it`,
    );
  }

  return (subject, payload, options = {}) =>
    slots.run(() => resolve(subject, payload, options, options.id ?? nuid.next()));
}
