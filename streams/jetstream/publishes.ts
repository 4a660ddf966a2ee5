import { createInbox, type NatsConnection } from "nats";
import { limits } from "../limits.ts";
import { openWire, type Wire } from "./wire.ts";
import type { Frame } from "./wire-parser.ts";

/**
 * Publishes with their acknowledgements, on a wire of their own beside the client's connection: an import
 * publishes hundreds of thousands of messages, and what the client makes of each (a timer, an error in case it
 * fails, headers as an object) costs more than everything else an append does.
 *
 * It ends with the client's connection. What is written in one turn goes out at once, in its order. A wire that is lost, or that leaves one publish
 * without an answer, fails all that was on it, with an unknown outcome, and the next publish opens another.
 */
export interface Publishes {
  /** The acknowledgement as text. Rejects after `limits.appendTryMs`, or when the wire is lost. */
  publish(
    subject: string,
    headers: readonly (readonly [name: string, value: string])[],
    payload: Uint8Array,
  ): Promise<string>;
}

interface Waiting {
  readonly expiresAt: number;
  readonly resolve: (acknowledgement: string) => void;
  readonly reject: (reason: Error) => void;
}

/** Nothing that would end a line of the protocol or a word in it. */
const subjectShape = /^[^\s\p{Cc}]+$/u;
const headerShape = /^[^\r\n]*$/;

export function createPublishes(connection: NatsConnection, stream: string): Publishes {
  const inbox = createInbox();
  /** By token, oldest first. */
  const waiting = new Map<string, Waiting>();
  let tokens = 0;
  let wire: Wire | undefined;
  let opening: Promise<Wire> | undefined;
  let chunks: Uint8Array[] = [];
  let sweeping: NodeJS.Timeout | undefined;

  const isClosed = () => new Error("the connection is closed");

  function open(): Promise<Wire> {
    if (connection.isClosed()) return Promise.reject(isClosed());
    opening ??= openWire({
      server: connection.getServer(),
      name: `appends to ${stream}`,
      subject: `${inbox}.*`,
      message: hear,
      lost: fail,
      timeoutMs: limits.readMs,
    })
      .then((opened) => {
        if (connection.isClosed()) {
          opened.close();
          throw isClosed();
        }
        wire = opened;
        return opened;
      })
      .finally(() => {
        opening = undefined;
      });
    return opening;
  }

  function hear({ bytes, subjectStart, subjectEnd, headersStart, payloadStart, payloadEnd }: Frame): void {
    const token = bytes.toString("latin1", subjectStart + inbox.length + 1, subjectEnd);
    const asked = waiting.get(token);
    if (asked === undefined) return;
    waiting.delete(token);
    if (payloadStart !== payloadEnd) asked.resolve(bytes.toString("utf8", payloadStart, payloadEnd));
    // `NATS/1.0 503`: nobody listens on the subject.
    else asked.reject(new Error(bytes.toString("latin1", headersStart, payloadStart).trim()));
  }

  function fail(reason: Error): void {
    wire?.close();
    wire = undefined;
    chunks = [];
    const failed = [...waiting.values()];
    waiting.clear();
    for (const { reject } of failed) reject(reason);
  }

  function sweep(): void {
    const [oldest] = waiting.values();
    if (oldest !== undefined && oldest.expiresAt > performance.now()) return;
    if (oldest !== undefined) fail(new Error("no answer"));
    clearInterval(sweeping);
    sweeping = undefined;
  }

  function flush(): void {
    const [first] = chunks;
    if (first === undefined) return;
    wire?.write(chunks.length === 1 ? first : Buffer.concat(chunks));
    chunks = [];
  }

  void connection.closed().then(() => fail(isClosed()));

  return {
    async publish(subject, headers, payload) {
      if (!subjectShape.test(subject)) throw new Error(`"${subject}" is no subject`);
      if (wire === undefined) await open();
      const token = (++tokens).toString(36);
      const acknowledged = new Promise<string>((resolve, reject) => {
        waiting.set(token, { expiresAt: performance.now() + limits.appendTryMs, resolve, reject });
      });
      sweeping ??= setInterval(sweep, limits.appendTryMs / 10).unref();
      if (chunks.length === 0) process.nextTick(flush);
      chunks.push(encode(subject, `${inbox}.${token}`, headers, payload));
      return acknowledged;
    },
  };
}

/** One HPUB, with its headers. */
function encode(
  subject: string,
  reply: string,
  headers: readonly (readonly [string, string])[],
  payload: Uint8Array,
): Uint8Array {
  let block = "NATS/1.0\r\n";
  for (const [name, value] of headers) {
    if (!headerShape.test(name) || !headerShape.test(value))
      throw new Error(`the header ${name} has a line end`);
    block += `${name}: ${value}\r\n`;
  }
  block += "\r\n";
  const blockBytes = Buffer.byteLength(block);
  const head = `HPUB ${subject} ${reply} ${blockBytes} ${blockBytes + payload.byteLength}\r\n${block}`;
  const headBytes = Buffer.byteLength(head);
  const bytes = Buffer.allocUnsafe(headBytes + payload.byteLength + 2);
  bytes.write(head, 0, "utf8");
  bytes.set(payload, headBytes);
  bytes.write("\r\n", headBytes + payload.byteLength, "latin1");
  return bytes;
}
