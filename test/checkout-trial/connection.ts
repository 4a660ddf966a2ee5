import { connect, type Socket } from "node:net";
import type { Target } from "../../ops/rehearse/connection.ts";

/**
 * A buyer's way to one API node, with one request under way: a connection that is kept while it lasts and opened anew for
 * the next request where it has ended. The rehearsal's own reads no bodies and sends none, and costs a fifth of what Node's
 * client costs; so does this one.
 */
export interface Connection {
  /** One at a time. Undefined where there is no answer: nobody listens, the connection ended, or it took too long. */
  ask(request: Request): Promise<Reply | undefined>;
  /** The same with bytes, whatever they are. `isLast`: nothing comes behind them, and the connection is of no use then. */
  send(bytes: Uint8Array, isLast: boolean): Promise<Reply | undefined>;
  close(): void;
}

export interface Request {
  readonly method: "POST" | "DELETE";
  readonly path: string;
  /** Each with its line end. */
  readonly headers: string;
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  /** By `Retry-After`; 0 where the answer has none. */
  readonly retryAfterMs: number;
  readonly mediaType: string;
  readonly body: string;
}

const headEnd = Buffer.from("\r\n\r\n");
const none: Buffer = Buffer.alloc(0);
/** Longer than a node lets anything take. */
const answerMsMax = 15_000;

export function openConnection({ hostname, port }: Target): Connection {
  let socket: Socket | undefined;
  let replied: ((reply: Reply | undefined) => void) | undefined;
  let received = none;
  let isOver = false;

  function tell(reply: Reply | undefined): void {
    const told = replied;
    replied = undefined;
    received = none;
    told?.(reply);
  }

  function open(): Socket {
    const opened = connect({ host: hostname, port, noDelay: true });
    opened.setTimeout(answerMsMax, () => opened.destroy());
    opened.on("data", (chunk: Buffer) => read(opened, chunk));
    // It closes as well.
    opened.on("error", () => {});
    opened.on("close", () => {
      if (socket !== opened) return;
      socket = undefined;
      tell(undefined);
    });
    return opened;
  }

  function read(from: Socket, chunk: Buffer): void {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const headBytes = received.indexOf(headEnd);
    if (headBytes === -1) return;
    const head = received.toString("latin1", 0, headBytes);
    const bodyStart = headBytes + headEnd.length;
    const bodyEnd = bodyStart + Number(lengthOf.exec(head)?.[1] ?? 0);
    if (received.length < bodyEnd) return;
    const body = received.toString("utf8", bodyStart, bodyEnd);
    if (isOver || saysLast.test(head)) {
      socket = undefined;
      from.destroy();
    }
    tell({
      status: Number(head.slice("HTTP/1.1 ".length, "HTTP/1.1 200".length)),
      retryAfterMs: 1_000 * Number(retryAfter.exec(head)?.[1] ?? 0),
      mediaType: mediaType.exec(head)?.[1] ?? "",
      body,
    });
  }

  function send(bytes: string | Uint8Array, isLast: boolean): Promise<Reply | undefined> {
    return new Promise((resolve) => {
      replied = resolve;
      isOver = isLast;
      socket ??= open();
      if (isLast) socket.end(bytes);
      else socket.write(bytes);
    });
  }

  return {
    ask({ method, path, headers, body }) {
      const sent = `${method} ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n${headers}`;
      // Of text that is ASCII.
      const about = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
      return send(body === "" ? `${sent}\r\n` : `${sent}${about}\r\n${body}`, false);
    },
    send,
    close() {
      socket?.destroy();
    },
  };
}

const lengthOf = /\r\ncontent-length: *(\d+)/i;
const retryAfter = /\r\nretry-after: *(\d+)/i;
const mediaType = /\r\ncontent-type: *([^\r;]*)/i;
const saysLast = /\r\nconnection: *close/i;
