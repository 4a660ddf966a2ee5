import { limits } from "../limits.ts";
import { telling, validatorName } from "./plain.ts";

/**
 * The heads of requests as they stand on the wire (RFC 9112), read as far as nothing in them can be doubted: a piece of
 * bytes that is one whole head, of a method without a body, in the strictest form. Whatever else there is, Node's parser
 * judges. Takes a time in proportion to the bytes, whatever they are: a microsecond or two.
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

/** The longest headers that are kept for a connection, and how often: those of some proxies differ each time. */
const keptBytesMax = 1_024;
const keptMax = 8;

/** Reads the pieces of one connection. `undefined`: it is for Node's parser to say what it is. */
export function createHeadReader(): (piece: Buffer) => RequestHead | undefined {
  let lastBlock: Buffer | undefined;
  let lastFields: Fields | undefined;
  let kept = 0;

  /** `from`: where the request line ends. */
  function fieldsOf(piece: Buffer, from: number): Fields | undefined {
    if (lastBlock?.compare(piece, from) === 0) return lastFields;
    const fields = readFields(piece.toString("latin1", from));
    if (fields !== undefined && kept < keptMax && piece.length - from <= keptBytesMax) {
      // Bytes of their own: a part of Node's pool would hold all of its slab for as long as the connection stays.
      lastBlock = Buffer.allocUnsafeSlow(piece.length - from);
      piece.copy(lastBlock, 0, from);
      lastFields = fields;
      kept++;
    }
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

/** With these a body may follow, or another protocol. */
const openEnded: ReadonlySet<string> = new Set(["content-length", "expect", "transfer-encoding", "upgrade"]);
/** Node's parser takes the second for the first. */
const ofConnection: ReadonlySet<string> = new Set(["connection", "proxy-connection"]);
const read = new Set([...telling, validatorName, ...openEnded, ...ofConnection, "host", "x-forwarded-for"]);

/** From the end of the request line to the empty line, both included: field lines, each behind the end of the line before. */
const strictBlock = new RegExp(
  `^(?:\\r\\n[!#$%&'*+.^_\`|~0-9A-Za-z-]+:[\\t -~]*){0,${limits.headersMax}}\\r\\n\\r\\n$`,
);
const readField = new RegExp(`\\r\\n(${[...read].join("|")}):([\\t -~]*)`, "gi");

function readFields(block: string): Fields | undefined {
  if (!strictBlock.test(block)) return undefined;
  let validator: string | undefined;
  const forwardedFor: string[] = [];
  let hosts = 0;
  let arePlain = true;
  for (const [, name = "", value = ""] of block.matchAll(readField)) {
    const lower = name.toLowerCase();
    if (openEnded.has(lower)) return undefined;
    if (lower === "host") hosts++;
    else if (lower === "x-forwarded-for") forwardedFor.push(value.trim());
    else if (ofConnection.has(lower)) arePlain &&= value.trim().toLowerCase() === "keep-alive";
    else if (lower !== validatorName || validator !== undefined) arePlain = false;
    else validator = value.trim();
  }
  return {
    arePlain: arePlain && hosts === 1,
    validator,
    headers: forwardedFor.length === 0 ? {} : { "x-forwarded-for": forwardedFor.join(", ") },
  };
}
