/**
 * What a server answers in RESP2 to the few commands that a read link sends: a status, an error, or an array of texts and
 * nulls. (The Redis serialization protocol specification, redis.io/docs/reference/protocol-spec.)
 *
 * Texts are views of the bytes as they came, so that nothing is copied on the way from one socket to another one.
 */
export type Reply = readonly (Buffer | null)[] | Error;

const carriageReturn = 0x0d;
const plus = 0x2b;
const minus = 0x2d;
const dollar = 0x24;
const asterisk = 0x2a;
const lineFeed = 0x0a;
const zero = 0x30;
/** What is longer is no answer of the catalogue's; nothing is gathered without end. */
const lengthMax = 64 * 1024 * 1024;
const nothing: Buffer = Buffer.alloc(0);

/** Takes bytes in pieces of any size; `onReply` hears of each reply in order. Throws for what is none of these. */
export function createReplyParser(onReply: (reply: Reply) => void): (piece: Buffer) => void {
  let bytes = nothing;
  let at = 0;
  /** The array under way, and how many of its items are missing. */
  let items: (Buffer | null)[] = [];
  let missing = 0;

  /** Where the line ends that was looked at last. */
  let lineEnd = 0;

  /** -1 for none, or how many. */
  function count(from: number): number {
    if (bytes[from] === minus && bytes[from + 1] === zero + 1 && from + 2 === lineEnd) return -1;
    let value = from === lineEnd ? Number.NaN : 0;
    for (let next = from; next < lineEnd; next++) {
      const digit = (bytes[next] as number) - zero;
      value = digit >= 0 && digit <= 9 ? 10 * value + digit : Number.NaN;
    }
    if (!(value <= lengthMax)) throw new Error(`not a length: ${bytes.toString("latin1", from, lineEnd)}`);
    return value;
  }

  function assertLineEnd(at: number): void {
    if (bytes[at] !== carriageReturn || bytes[at + 1] !== lineFeed) throw new Error("not the end of a line");
  }

  function text(from: number): Buffer | null | undefined {
    const length = count(from);
    if (length < 0) {
      at = lineEnd + 2;
      return null;
    }
    const begin = lineEnd + 2;
    if (begin + length + 2 > bytes.length) return undefined;
    assertLineEnd(begin + length);
    at = begin + length + 2;
    return bytes.subarray(begin, begin + length);
  }

  /** Whether there is a whole element at `at`, which is taken. */
  function take(): boolean {
    lineEnd = bytes.indexOf(carriageReturn, at);
    if (lineEnd === -1 || lineEnd + 2 > bytes.length) return false;
    assertLineEnd(lineEnd);
    const kind = bytes[at];
    const from = at + 1;
    if (missing > 0) {
      if (kind !== dollar)
        throw new Error(`not a text of an array: ${bytes.toString("latin1", at, lineEnd)}`);
      const item = text(from);
      if (item === undefined) return false;
      items.push(item);
      if (--missing === 0) onReply(items);
      return true;
    }
    if (kind === asterisk) {
      items = [];
      missing = Math.max(0, count(from));
      at = lineEnd + 2;
      if (missing === 0) onReply(items);
      return true;
    }
    if (kind !== plus && kind !== minus)
      throw new Error(`not a reply: ${bytes.toString("latin1", at, lineEnd)}`);
    const words = bytes.toString("utf8", from, lineEnd);
    at = lineEnd + 2;
    onReply(kind === plus ? [Buffer.from(words)] : replyError(words));
    return true;
  }

  return (piece) => {
    bytes = at < bytes.length ? Buffer.concat([bytes.subarray(at), piece]) : piece;
    at = 0;
    while (at < bytes.length && take());
    if (at === bytes.length) {
      bytes = nothing;
      at = 0;
    }
  };
}

/** As ioredis names what the server itself says. */
function replyError(words: string): Error {
  const error = new Error(words);
  error.name = "ReplyError";
  return error;
}
