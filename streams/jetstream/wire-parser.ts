/**
 * The server's side of the NATS protocol, read from bytes as they come: messages, PING, PONG, INFO and -ERR.
 *
 * A message is handed over as places in the bytes and not as objects, because a replay reads hundreds of
 * thousands a second and most of what a client would make of each is never looked at.
 * Source of the grammar: docs.nats.io, "NATS Client Protocol".
 */

/** One MSG or HMSG. The places hold during the call only; what is to last is copied or made a view. */
export interface Frame {
  bytes: Buffer;
  subjectStart: number;
  subjectEnd: number;
  /** Equal where the message names no reply subject. */
  replyStart: number;
  replyEnd: number;
  /** Equal to `payloadStart` where the message has no headers. */
  headersStart: number;
  payloadStart: number;
  payloadEnd: number;
}

export interface WireEvents {
  message(frame: Frame): void;
  /** Any other line, without its end, such as `PING` or `-ERR 'Stale Connection'`. */
  line(text: string): void;
}

const letterM = 0x4d;
const letterH = 0x48;
const space = 0x20;
const carriageReturn = 0x0d;
const zero = 0x30;
const lineBytesMax = 64 * 1024;

/** Takes chunks of any size, in order. Throws where the bytes are no NATS protocol. */
export function createWireParser(events: WireEvents): (chunk: Buffer) => void {
  const frame: Frame = {
    bytes: Buffer.alloc(0),
    subjectStart: 0,
    subjectEnd: 0,
    replyStart: 0,
    replyEnd: 0,
    headersStart: 0,
    payloadStart: 0,
    payloadEnd: 0,
  };
  /** What is left of a message that has not come as a whole, and how many bytes it needs at least. */
  let held: Buffer[] = [];
  let heldBytes = 0;
  let neededBytes = 0;
  const spaces = [0, 0, 0, 0, 0];

  /** Where the message at `at` ends; 0 where more bytes are needed, and `neededBytes` says how many. */
  function readMessage(bytes: Buffer, at: number): number {
    let count = 0;
    let end = at;
    for (; end < bytes.length && bytes[end] !== carriageReturn; end++) {
      if (bytes[end] === space) spaces[count++] = end;
    }
    if (end + 1 >= bytes.length) {
      neededBytes = bytes.length - at + 1;
      return 0;
    }
    const withHeaders = bytes[at] === letterH;
    const withReply = count === (withHeaders ? 5 : 4);
    if (!withReply && count !== (withHeaders ? 4 : 3)) throw malformed(bytes, at, end);
    const payloadBytes = readNumber(bytes, (spaces[count - 1] as number) + 1, end);
    const headerBytes = withHeaders
      ? readNumber(bytes, (spaces[count - 2] as number) + 1, spaces[count - 1] as number)
      : 0;
    const body = end + 2;
    if (body + payloadBytes + 2 > bytes.length) {
      neededBytes = body + payloadBytes + 2 - at;
      return 0;
    }
    frame.bytes = bytes;
    frame.subjectStart = (spaces[0] as number) + 1;
    frame.subjectEnd = spaces[1] as number;
    frame.replyStart = withReply ? (spaces[2] as number) + 1 : 0;
    frame.replyEnd = withReply ? (spaces[3] as number) : 0;
    frame.headersStart = body;
    frame.payloadStart = body + headerBytes;
    frame.payloadEnd = body + payloadBytes;
    events.message(frame);
    return frame.payloadEnd + 2;
  }

  function readLine(bytes: Buffer, at: number): number {
    const end = bytes.indexOf("\r\n", at, "latin1");
    if (end === -1) {
      if (bytes.length - at > lineBytesMax) throw malformed(bytes, at, at + 80);
      neededBytes = bytes.length - at + 1;
      return 0;
    }
    events.line(bytes.toString("utf8", at, end));
    return end + 2;
  }

  return (chunk) => {
    let bytes = chunk;
    if (heldBytes > 0) {
      held.push(chunk);
      heldBytes += chunk.length;
      if (heldBytes < neededBytes) return;
      bytes = Buffer.concat(held, heldBytes);
      held = [];
      heldBytes = 0;
    }
    let at = 0;
    while (at < bytes.length) {
      const first = bytes[at];
      const next = first === letterM || first === letterH ? readMessage(bytes, at) : readLine(bytes, at);
      if (next === 0) break;
      at = next;
    }
    if (at === bytes.length) return;
    held = [bytes.subarray(at)];
    heldBytes = bytes.length - at;
  };
}

/** The decimal number between two places; the protocol writes digits only. */
export function readNumber(bytes: Buffer, start: number, end: number): number {
  let number = 0;
  for (let at = start; at < end; at++) number = number * 10 + ((bytes[at] as number) - zero);
  return number;
}

function malformed(bytes: Buffer, at: number, end: number): Error {
  return new Error(`nats-server sent "${bytes.toString("latin1", at, end)}", which is no message`);
}
