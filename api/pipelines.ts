import type { RequestListener, Server } from "node:http";
import type { Socket } from "node:net";
import { limits } from "./limits.ts";

/**
 * Node parses every request that comes in one piece, however many there are and whether or not their sender reads
 * answers. A connection that brings more than a few at once is cut: no client of the catalogue does, and a thousand of
 * them in a piece of 64 KB would hold a thousand places and answers.
 */
const seen = Symbol("requests of this turn");
type Seen = Socket & { [seen]?: { turn: number; count: number } };

export function cutPipelines(server: Server): void {
  const listeners = server.listeners("request") as RequestListener[];
  let turn = 0;
  let isTurning = false;

  function countOf(socket: Seen): number {
    if (!isTurning) {
      isTurning = true;
      setImmediate(() => {
        turn++;
        isTurning = false;
      });
    }
    const known = (socket[seen] ??= { turn, count: 0 });
    known.count = known.turn === turn ? known.count + 1 : 1;
    known.turn = turn;
    return known.count;
  }

  server.removeAllListeners("request");
  server.on("request", (request, response) => {
    if (countOf(request.socket) > limits.pipelinedMax) request.socket.destroy();
    else for (const listener of listeners) listener.call(server, request, response);
  });
}
