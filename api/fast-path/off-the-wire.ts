import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { createHeadReader, type RequestHead } from "./request-head.ts";

/**
 * Requests taken off their connections before Node's parser sees them, and answered there: of the 15 µs that a request
 * costs with `node:http`, 6 are objects for the request and the answer; the rest is the kernel's.
 *
 * A connection stays Node's in every other way. Its first request is always given to Node, so that Node's clocks and
 * limits run as ever; so is whatever is not plain, or not taken. A request is taken only where Node has answered all
 * that it was given and its parser is known to stand between two requests: where it was given nothing but whole heads
 * without a body. A connection that brings anything else, a body or a part of a head, is left to Node until it ends, and so
 * is one that brings more while it is being answered here.
 *
 * This stands on one thing that Node does not promise: that its HTTP server listens to the `data` of a connection, and
 * leaves the reading to the connection as soon as somebody else listens as well. Where it does not listen, or others do too,
 * nothing is taken.
 */
export interface Taken extends RequestHead {
  readonly socket: Socket;
  /** The last lines of the answer's head, and the empty one. */
  readonly headEnd: string;
  /** Whether `headEnd` says that the connection goes on, as almost all do. */
  readonly goesOn: boolean;
  /** Sends the answer: a text of single bytes, then bytes. */
  answer(text: string, bytes?: Buffer): void;
  /** It is Node's after all. */
  leave(): void;
  /** Called should the client go away before either. */
  onGone: (() => void) | undefined;
}

/** Says whether it takes a request; then it calls `answer` or `leave` once, at once or later. */
export type Take = (request: Taken) => boolean;

/** To be called when all that listens to the server's requests does so. */
export function takeOffTheWire(server: Server, take: Take): void {
  server.on("connection", (socket: Connection) => {
    if (socket.listenerCount("data") === 1) socket[known] = follow(server, socket, take);
  });
  server.prependListener("request", ({ socket }: IncomingMessage, response) =>
    (socket as Connection)[known]?.begun(response),
  );
}

const known = Symbol("what Node was given of it");
type Connection = Socket & { [known]?: Followed };

interface Followed {
  /** Node has parsed a request of the connection. */
  begun(response: ServerResponse): void;
}

function follow(server: Server, socket: Socket, take: Take): Followed {
  const toNode = insteadOf(socket, hear);
  const { maxRequestsPerSocket: max } = server;
  const going = headEndOf(server);
  const read = createHeadReader();
  /** Whole heads that Node was given, those that it has parsed, and those that it has answered. */
  const ofNode = { given: 0, begun: 0, ended: 0 };
  let taken = 0;
  let isNodes = false;
  let current: Taken | undefined;
  /** What came while a request was being answered here. */
  const kept: Buffer[] = [];

  function hear(piece: Buffer): void {
    if (current !== undefined) {
      isNodes = true;
      kept.push(piece);
      socket.pause();
      return;
    }
    const head = isNodes ? undefined : read(piece);
    if (head === undefined) isNodes = true;
    else if (head.fields.arePlain && isAtRest()) {
      current = takenOf(head, piece);
      if (take(current)) return;
      current = undefined;
    }
    ofNode.given++;
    toNode(piece);
  }

  const isAtRest = () =>
    ofNode.begun > 0 &&
    ofNode.given === ofNode.begun &&
    ofNode.begun === ofNode.ended &&
    socket.writableLength === 0;

  function takenOf({ line, fields }: RequestHead, piece: Buffer): Taken {
    const goesOn = max === null || max === 0 || taken + ofNode.begun + 1 < max;
    const request: Taken = {
      line,
      fields,
      socket,
      headEnd: goesOn ? going : "Connection: close\r\n\r\n",
      goesOn,
      onGone: undefined,
      answer(text, bytes) {
        if (current !== request) return;
        taken++;
        write(text, bytes);
        if (!goesOn) socket.destroySoon();
        // Who does not read has as long as from Node, for one that is under way.
        else if (socket.writableLength > 0) socket.setTimeout(server.timeout);
        goOn();
      },
      leave() {
        if (current !== request) return;
        ofNode.given++;
        toNode(piece);
        goOn();
      },
    };
    return request;
  }

  function write(text: string, bytes: Buffer | undefined): void {
    if (bytes === undefined) {
      socket.write(text, "latin1");
      return;
    }
    socket.cork();
    socket.write(text, "latin1");
    socket.write(bytes);
    socket.uncork();
  }

  function goOn(): void {
    current = undefined;
    if (kept.length > 0) socket.resume();
    for (const piece of kept.splice(0)) toNode(piece);
  }

  socket.on("close", () => {
    const gone = current;
    current = undefined;
    gone?.onGone?.();
  });

  return {
    begun(response) {
      ofNode.begun++;
      response.on("close", () => ofNode.ended++);
    },
  };
}

/** Listens to the data of a connection in the place of Node's server, which is returned. */
function insteadOf(socket: Socket, listener: (piece: Buffer) => void): (piece: Buffer) => void {
  const [node] = socket.listeners("data") as [(piece: Buffer) => void];
  // Node's server lets go of the reading when somebody listens beside it.
  socket.on("data", listener);
  socket.off("data", node);
  return (piece) => node.call(socket, piece);
}

/** As Node says it. */
function headEndOf({ keepAliveTimeout, maxRequestsPerSocket: max }: Server): string {
  const seconds = Math.floor(keepAliveTimeout / 1_000);
  const upTo = max === null || max === 0 ? "" : `, max=${max}`;
  return `Connection: keep-alive\r\nKeep-Alive: timeout=${seconds}${upTo}\r\n\r\n`;
}
