import { limits } from "../limits.ts";
import { unusual, validatorAmong } from "./plain.ts";

/**
 * The heads of requests as they stand on the wire (RFC 9112), read as far as nothing in them can be doubted: a piece of
 * bytes that is one whole head, of a method without a body, in the strictest form. Whatever else there is, Node's parser
 * judges.
 *
 * Most connections bring the same headers with each request; what they say is found out once.
 */
export interface RequestHead {
  /** `GET <target> HTTP/1.1`. */
  readonly line: string;
  readonly fields: Fields;
}

export interface Fields {
  /** Nothing in them asks for anything but an answer, on a connection that stays. */
  readonly arePlain: boolean;
  readonly validator: string | undefined;
  /** What tells whom the request is for; the only header that is read of a plain request. */
  readonly headers: { readonly "x-forwarded-for"?: string };
}

/** Reads the pieces of one connection. `undefined`: it is for Node's parser to say what it is. */
export function createHeadReader(): (piece: Buffer) => RequestHead | undefined {
  let lastBlock: Buffer | undefined;
  let lastFields: Fields | undefined;

  /** `from`: where the request line ends. */
  function fieldsOf(piece: Buffer, from: number): Fields | undefined {
    if (lastBlock?.compare(piece, from) === 0) return lastFields;
    const fields = readFields(piece.toString("latin1", from));
    // A copy, since a piece may be a part of something larger.
    lastBlock = fields && Buffer.from(piece.subarray(from));
    lastFields = fields;
    return fields;
  }

  return (piece) => {
    if (piece.length > limits.headerBytesMax) return undefined;
    const end = piece.indexOf(carriageReturn);
    if (end === -1) return undefined;
    const fields = fieldsOf(piece, end);
    if (fields === undefined) return undefined;
    const line = piece.toString("latin1", 0, end);
    return requestLine.test(line) ? { line, fields } : undefined;
  };
}

const carriageReturn = 0x0d;
const requestLine = /^(?:GET|HEAD) \/[!-~]* HTTP\/1\.1$/;
/** The address of `GET <address> HTTP/1.1`; of another method, none. */
export const addressIn = (line: string): string =>
  line.startsWith("GET ") ? line.slice("GET ".length, -" HTTP/1.1".length) : "";

/** One field line, with the end of the line before it. */
const field = /\r\n([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([!-~](?:[\t -~]*[!-~])?)?[\t ]*(?=\r\n)/y;
const blockEnd = "\r\n\r\n";

/** With these a body may follow, or another protocol. */
const openEnded: ReadonlySet<string> = new Set(["content-length", "expect", "transfer-encoding", "upgrade"]);

/** `block`: from the end of the request line to the empty line, both included. */
function readFields(block: string): Fields | undefined {
  const raw: string[] = [];
  const forwardedFor: string[] = [];
  let hosts = 0;
  let stays = true;
  field.lastIndex = 0;
  let end = 0;
  for (let found = field.exec(block); found !== null; found = field.exec(block)) {
    end = field.lastIndex;
    const [, name = "", value = ""] = found;
    const lower = name.toLowerCase();
    if (openEnded.has(lower)) return undefined;
    if (lower === "host") hosts++;
    else if (lower === "connection") stays &&= value.toLowerCase() === "keep-alive";
    else if (lower === "x-forwarded-for") forwardedFor.push(value);
    raw.push(name, value);
  }
  if (end + blockEnd.length !== block.length || !block.endsWith(blockEnd)) return undefined;
  const validator = validatorAmong(raw);
  return {
    arePlain: hosts === 1 && stays && validator !== unusual && raw.length <= 2 * limits.headersMax,
    validator: validator === unusual ? undefined : validator,
    headers: forwardedFor.length === 0 ? {} : { "x-forwarded-for": forwardedFor.join(", ") },
  };
}
