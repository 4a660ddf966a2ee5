import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { createHeadReader, type RequestHead } from "./request-head.ts";

/**
 * Requests taken off their connections before Node's parser sees them, and answered there: of the 15 µs that a request
 * costs with `node:http`, 6 are objects for the request and the answer; the rest is the kernel's.
 *
 * A connection stays Node's in every other way. Its first request is always given to Node, so that Node's clocks and
 * limits begin as ever; so is whatever is not plain, or not taken. A request is taken only where Node has answered all
 * that it was given and its parser is known to stand between two requests: where it was given nothing but whole heads
 * without a body. A connection that brings anything else, a body or a part of a head, is left to Node until it ends, and
 * so is one that brings more while it is being answered here.
 *
 * A connection may have `maxRequestsPerSocket` requests of those that are taken and those before them; where the last ones
 * are Node's, which counts its own alone, up to as many again.
 *
 * This stands on one thing that Node does not promise: that its HTTP server listens to the `data` of a connection, and
 * leaves the reading to the connection as soon as somebody else listens as well. Where it does not listen, or others do
 * too, nothing is taken.
 */
export interface Taken extends RequestHead {
  readonly socket: Socket;
  /** The last lines of the answer's head, and the empty one. */
  readonly headEnd: string;
  /** Whether `headEnd` says that the connection goes on, as almost all do. */
  readonly goesOn: boolean;
  /** Sends the answer: a text of single bytes, then bytes. Does nothing and says so where it was left, or the client is gone. */
  answer(text: string, bytes?: Buffer): boolean;
  /** It is Node's after all; nothing, for one that was answered or is gone. */
  leave(): void;
  /** Called should the client go away before either. */
  onGone: (() => void) | undefined;
}

/** Says whether it takes a request; then it calls `answer` or `leave` once, at once or later. */
export type Take = (request: Taken) => boolean;

/**
 * To be called when all that listens to the server's requests does so. Returns how all that are taken at the moment are
 * left to Node.
 */
export function takeOffTheWire(server: Server, take: Take): () => void {
  /** In no order. A `Set` in which things come and go keeps the dead alive (docs/decisions.md). */
  const all: Followed[] = [];
  server.on("connection", (socket: Connection) => {
    if (socket.listenerCount("data") !== 1) return;
    const followed = follow(server, socket, take, all.length);
    socket[known] = followed;
    all.push(followed);
    socket.on("close", () => {
      const last = all.pop() as Followed;
      if (last === followed) return;
      all[followed.at] = last;
      last.at = followed.at;
    });
  });
  server.prependListener("request", (request: LeftRequest, response) =>
    (request.socket as Connection)[known]?.begun(request, response),
  );
  return () => {
    for (const { leave } of all) leave();
  };
}

const known = Symbol("what Node was given of it");
type Connection = Socket & { [known]?: Followed };

const left = Symbol("was taken before, and left");
type LeftRequest = IncomingMessage & { [left]?: boolean };

/** Whether a request that Node has parsed was taken off the wire before, and left. */
export const wasLeft = (request: LeftRequest): boolean => request[left] === true;

interface Followed {
  /** Its place among all. */
  at: number;
  /** Node has parsed a request of the connection. */
  begun(request: LeftRequest, response: ServerResponse): void;
  /** What is being answered here is Node's. */
  leave(): void;
}

function follow(server: Server, socket: Socket, take: Take, at: number): Followed {
  const toNode = insteadOf(socket, hear);
  const { maxRequestsPerSocket: max } = server;
  const going = headEndOf(server);
  const read = createHeadReader();
  /** Whole heads that Node was given, those that it has parsed, and those that it has answered. */
  const ofNode = { given: 0, begun: 0, ended: 0 };
  let taken = 0;
  let isNodes = false;
  let isOver = false;
  let isLeaving = false;
  let current: Taken | undefined;
  /** What came while a request was being answered here. */
  const kept: Buffer[] = [];

  function hear(piece: Buffer): void {
    // Its last answer said so.
    if (isOver) return;
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
        if (current !== request) return false;
        taken++;
        write(text, bytes);
        if (goesOn) goOn();
        else end();
        return true;
      },
      leave() {
        if (current !== request) return;
        ofNode.given++;
        isLeaving = true;
        toNode(piece);
        isLeaving = false;
        goOn();
      },
    };
    return request;
  }

  function write(text: string, bytes: Buffer | undefined): void {
    if (bytes === undefined) socket.write(text, "latin1");
    else {
      socket.cork();
      socket.write(text, "latin1");
      socket.write(bytes);
      socket.uncork();
    }
    if (socket.writableLength > 0) cutUnlessRead();
  }

  /** Who does not read has as long as from Node for an answer that is under way, and then as long as it had. */
  function cutUnlessRead(): void {
    const { timeout: restMs = 0 } = socket;
    socket.setTimeout(server.timeout);
    // Nothing to send, done when all before it has left.
    socket.write("", () => socket.setTimeout(restMs));
  }

  function goOn(): void {
    current = undefined;
    if (kept.length > 0) socket.resume();
    for (const piece of kept.splice(0)) toNode(piece);
  }

  /** Nothing is done of what came behind it (RFC 9112, 9.6). */
  function end(): void {
    current = undefined;
    isOver = true;
    kept.length = 0;
    socket.destroySoon();
  }

  socket.on("close", () => {
    const gone = current;
    current = undefined;
    gone?.onGone?.();
  });

  return {
    at,
    begun(request, response) {
      ofNode.begun++;
      if (isLeaving) request[left] = true;
      response.on("close", () => ofNode.ended++);
    },
    leave: () => current?.leave(),
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
