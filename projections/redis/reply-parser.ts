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
const zero = 0x30;
const nothing: Buffer = Buffer.alloc(0);

/** Takes bytes in pieces of any size; `onReply` hears of each reply in order. Throws for what is none of these. */
export function createReplyParser(onReply: (reply: Reply) => void): (piece: Buffer) => void {
  let bytes = nothing;
  let at = 0;
  /** The array under way, and how many of its items are missing. */
  let items: (Buffer | null)[] = [];
  let missing = 0;

  /** The number in a line that begins at `from`; the line's end is left in `lineEnd`. */
  let lineEnd = 0;
  function number(from: number): number {
    const isNegative = bytes[from] === minus;
    let value = 0;
    for (let next = isNegative ? from + 1 : from; next < lineEnd; next++)
      value = 10 * value + (bytes[next] as number) - zero;
    return isNegative ? -value : value;
  }

  function text(from: number): Buffer | null | undefined {
    const length = number(from);
    if (length < 0) {
      at = lineEnd + 2;
      return null;
    }
    const begin = lineEnd + 2;
    if (begin + length + 2 > bytes.length) return undefined;
    at = begin + length + 2;
    return bytes.subarray(begin, begin + length);
  }

  /** Whether there is a whole element at `at`, which is taken. */
  function take(): boolean {
    lineEnd = bytes.indexOf(carriageReturn, at);
    if (lineEnd === -1 || lineEnd + 2 > bytes.length) return false;
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
      missing = number(from);
      at = lineEnd + 2;
      if (missing <= 0) onReply(items);
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
