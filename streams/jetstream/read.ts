import type { JetStreamManager } from "@nats-io/jetstream";
import type { Msg, MsgHdrs, NatsConnection } from "nats";
import { limits } from "../limits.ts";
import { LogUnavailable, LogVanished, type ReadFrom, type StoredMessage, type StreamBounds } from "../log.ts";

/**
 * Single reads. "any" is a direct get, which whichever replica is nearest answers at a tenth of the cost and
 * which may be a few milliseconds behind; "leader" is the stream's own API and knows every acknowledged
 * message.
 */

type GetRequest =
  | { readonly last_by_subj: string }
  | { readonly seq: number }
  | { readonly seq: number; readonly next_by_subj: string };

export interface Reads {
  get(request: GetRequest, from: ReadFrom): Promise<StoredMessage | undefined>;
  bounds(): Promise<StreamBounds>;
}

const streamNotFound = 10059;

export function createReads(connection: NatsConnection, manager: JetStreamManager, stream: string): Reads {
  const encoder = new TextEncoder();

  async function ask(subject: string, body: Uint8Array): Promise<Msg> {
    try {
      return await connection.request(subject, body, { timeout: limits.readMs });
    } catch (error) {
      throw new LogUnavailable(`${stream} did not answer: ${(error as Error).message}`, { cause: error });
    }
  }

  async function direct(request: GetRequest): Promise<StoredMessage | undefined> {
    const reply = await ask(`$JS.API.DIRECT.GET.${stream}`, encoder.encode(JSON.stringify(request)));
    const { headers } = reply;
    if (headers === undefined) throw new LogUnavailable(`${stream} answered a direct get without headers`);
    if (headers.code === 404) return undefined;
    if (headers.code !== 0) throw new LogUnavailable(`${stream}: ${headers.code} ${headers.description}`);
    return {
      sequence: Number(headers.get("Nats-Sequence")),
      time: Date.parse(headers.get("Nats-Time-Stamp")),
      subject: headers.get("Nats-Subject"),
      payload: reply.data,
      headers: publisherHeaders(headers),
    };
  }

  async function leader(request: GetRequest): Promise<StoredMessage | undefined> {
    const reply = await ask(`$JS.API.STREAM.MSG.GET.${stream}`, encoder.encode(JSON.stringify(request)));
    const { message, error } = reply.json<{
      message?: { subject: string; seq: number; data?: string; hdrs?: string; time: string };
      error?: { code: number; err_code: number; description: string };
    }>();
    if (error !== undefined) {
      if (error.err_code === streamNotFound) throw new LogVanished(`the stream ${stream} does not exist`);
      if (error.code === 404) return undefined;
      throw new LogUnavailable(`${stream}: ${error.description}`);
    }
    if (message === undefined) throw new LogUnavailable(`${stream} answered neither a message nor an error`);
    return {
      sequence: message.seq,
      time: Date.parse(message.time),
      subject: message.subject,
      payload: Buffer.from(message.data ?? "", "base64"),
      headers: message.hdrs === undefined ? undefined : parseHeaderBlock(Buffer.from(message.hdrs, "base64")),
    };
  }

  return {
    get: (request, from) => (from === "leader" ? leader(request) : direct(request)),
    async bounds() {
      try {
        const info = await manager.streams.info(stream);
        const { first_seq, last_seq, messages } = info.state;
        return { first: first_seq, last: last_seq, messages, epoch: Date.parse(info.created) };
      } catch (error) {
        if ((error as { code?: unknown }).code === streamNotFound) {
          throw new LogVanished(`the stream ${stream} does not exist`, { cause: error });
        }
        throw new LogUnavailable(`${stream} did not answer: ${(error as Error).message}`, { cause: error });
      }
    },
  };
}

const addedByDirectGet = new Set(["nats-stream", "nats-sequence", "nats-time-stamp", "nats-subject"]);

/** A message's headers as its publisher sent them, names in lower case. */
export function publisherHeaders(headers: MsgHdrs): ReadonlyMap<string, string> | undefined {
  const map = new Map<string, string>();
  for (const name of headers.keys()) {
    const lower = name.toLowerCase();
    if (!addedByDirectGet.has(lower)) map.set(lower, headers.get(name));
  }
  return map.size === 0 ? undefined : map;
}

/** A header block of NATS/1.0: what its publisher sent, names in lower case. */
export function parseHeaderBlock(block: Buffer): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const line of block.toString("utf8").split("\r\n").slice(1)) {
    const colon = line.indexOf(":");
    if (colon > 0) map.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return map;
}
