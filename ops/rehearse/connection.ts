import { connect, type Socket } from "node:net";

/**
 * One connection to an API node that stays, with at most one request under way. Of an answer no more is read than its
 * status, who answered, and where it ends: with all else of the load some 30 µs of processor a request, so that the
 * measuring costs less than what is measured.
 */
export interface Connection {
  readonly target: Target;
  /** One at a time. Calls back once. */
  ask(path: string, onReply: (reply: Reply) => void): void;
  destroy(): void;
}

export interface Target {
  readonly hostname: string;
  readonly port: number;
}

/** Who answered, by `Cache-Status`: the tier, or nothing where the answer does not say. */
export type Reply =
  | {
      readonly outcome: "answered";
      readonly status: number;
      readonly tier: string;
      /** The node closes the connection behind it. */
      readonly last: boolean;
    }
  /**
   * The connection ended first. `untouched`: it had served others before, or had been open for a while, and no byte came
   * back, so the node closed it while the request was under way, and a client may ask again (RFC 9112, 9.3.1). So may one
   * that is told by 408 that the node has waited for a request for long enough (RFC 9110, 15.5.9).
   */
  | { readonly outcome: "ended"; readonly untouched: boolean };

const headEnd = Buffer.from("\r\n\r\n");
const none: Buffer = Buffer.alloc(0);
const timedOut = 408;
/** A node that closes what was opened a moment ago has failed its client. */
const freshMs = 5_000;
/** Heads of the API have less than a kilobyte. */
const headBytesMax = 65_536;

/** `source`: the address to come from; undefined: the system's choice. Rejects where nobody listens. */
export function openConnection(
  target: Target,
  source: string | undefined,
  onEnd: () => void,
): Promise<Connection> {
  const { hostname, port } = target;
  const from = source === undefined ? {} : { localAddress: source };
  const socket: Socket = connect({ host: hostname, port, noDelay: true, ...from });
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  const about = `Host: ${host}:${port}\r\nAccept: application/json\r\n\r\n`;
  let replied: ((reply: Reply) => void) | undefined;
  let answers = 0;
  const openedAt = performance.now();
  /** What has come of a head that is not whole. */
  let head = none;
  /** The answer whose body is still coming. */
  let coming: Reply | undefined;
  let bodyBytesLeft = 0;

  const tell = (reply: Reply): void => {
    const told = replied;
    replied = undefined;
    told?.(reply);
  };

  function read(chunk: Buffer): void {
    if (replied === undefined) {
      // Nobody has asked: the node says why it closes.
      socket.destroy();
      return;
    }
    if (coming === undefined) {
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
      const headBytes = head.indexOf(headEnd);
      if (headBytes === -1) {
        if (head.length > headBytesMax) socket.destroy();
        return;
      }
      const text = head.toString("latin1", 0, headBytes);
      const length = bodyBytesOf(text);
      if (length === undefined) {
        socket.destroy();
        return;
      }
      coming = replyOf(text);
      bodyBytesLeft = length - (head.length - headBytes - headEnd.length);
      head = none;
    } else bodyBytesLeft -= chunk.length;
    if (bodyBytesLeft > 0) return;
    const whole = coming;
    coming = undefined;
    if (whole.outcome === "answered" && whole.status === timedOut) {
      socket.destroy();
      return;
    }
    answers++;
    tell(whole);
  }

  const opened = Promise.withResolvers<Connection>();
  socket.on("data", read);
  socket.on("error", opened.reject);
  socket.on("close", () => {
    const wasIdle = answers > 0 || performance.now() - openedAt > freshMs;
    tell({ outcome: "ended", untouched: wasIdle && coming === undefined && head.length === 0 });
    onEnd();
  });
  socket.on("connect", () =>
    opened.resolve({
      target,
      ask(path, onReply) {
        replied = onReply;
        if (socket.writable) socket.write(`GET ${path} HTTP/1.1\r\n${about}`);
        else tell({ outcome: "ended", untouched: true });
      },
      destroy: () => socket.destroy(),
    }),
  );
  return opened.promise;
}

const lengthOf = /\r\ncontent-length: *(\d+)/i;
const tierOf = /\r\ncache-status: *[^\r]*detail=(\w+)/i;
const isLast = /\r\nconnection: *close/i;

/** Undefined for an answer that does not say how long it is, which the API gives none of. */
function bodyBytesOf(head: string): number | undefined {
  const length = lengthOf.exec(head)?.[1];
  if (length !== undefined) return Number(length);
  return /^HTTP\/1\.1 (?:204|304)/.test(head) ? 0 : undefined;
}

function replyOf(head: string): Reply {
  return {
    outcome: "answered",
    status: Number(head.slice("HTTP/1.1 ".length, "HTTP/1.1 200".length)),
    tier: tierOf.exec(head)?.[1] ?? "",
    last: isLast.test(head),
  };
}
