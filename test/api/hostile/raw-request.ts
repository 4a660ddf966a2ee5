import { connect } from "node:net";

/** A connection on which exactly these bytes are sent, as no HTTP client would. */

export interface RawAnswer {
  /** 0 where the connection ended without an answer. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Everything that came, for what is more than one answer. */
  readonly text: string;
  readonly ms: number;
}

/** Resolves when the server has ended the connection. Rejects when it has not after `patienceMs`. */
export function rawRequest(
  port: number,
  bytes: Buffer,
  options: {
    readonly end?: boolean;
    /** Whether it is sent behind another request, which was answered. */
    readonly behind?: boolean;
    /** Sent again and again, until the connection ends. */
    readonly drip?: string;
    readonly patienceMs?: number;
  } = {},
): Promise<RawAnswer> {
  const { end = false, behind = false, drip, patienceMs = 8_000 } = options;
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const parts: Buffer[] = [];
    const socket = connect({ host: "127.0.0.1", port });
    const patience = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end after ${patienceMs} ms: ${bytes.toString("latin1", 0, 300)}`));
    }, patienceMs);
    let isBehind = !behind;
    socket.on("data", (part: Buffer) => {
      parts.push(part);
      if (isBehind || !Buffer.concat(parts).toString().endsWith(goodEnd)) return;
      isBehind = true;
      parts.length = 0;
      send();
    });
    // Who sends more than is wanted may be cut while still sending; what came before counts.
    socket.on("error", () => {});
    const dripping = setInterval(() => drip !== undefined && socket.writable && socket.write(drip), 200);
    socket.on("close", () => {
      clearInterval(dripping);
      clearTimeout(patience);
      resolve({ ...parsed(Buffer.concat(parts).toString()), ms: performance.now() - begun });
    });
    function send(): void {
      if (end) socket.end(bytes);
      else socket.write(bytes);
    }
    if (behind) socket.write(good);
    else send();
  });
}

const good = "GET /healthz HTTP/1.1\r\nHost: shop.example\r\n\r\n";
/** Of its answer. */
const goodEnd = "}";

function parsed(text: string): Omit<RawAnswer, "ms"> {
  const [head = "", ...rest] = text.split("\r\n\r\n");
  const [statusLine = "", ...lines] = head.split("\r\n");
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { status: Number(statusLine.split(" ")[1] ?? 0), headers, body: rest.join("\r\n\r\n"), text };
}
