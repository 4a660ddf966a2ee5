import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { Entrance } from "./entrance.ts";
import { isAlwaysTold, type Refusal } from "./refusal.ts";

/**
 * The way to the routes leads through the admission; who is refused gets bytes that are ready, before anything of the
 * request is looked at. Whether the process lives and is ready is always told: a busy node that looks dead is
 * restarted, and its load falls on the others.
 */
export interface SheddingOptions {
  readonly entrance: Entrance;
  readonly overloaded: Refusal;
  /** Goes before the routes, and says whether it takes the request. */
  readonly short: ShortWay;
}

/** Who takes a request calls one of the two, once: the answer is on its way, or the routes are to give it. */
export type ShortWay = (request: IncomingMessage, response: ServerResponse, next: Next) => boolean;

interface Next {
  readonly left: () => void;
  readonly onToRoutes: () => void;
}

export function shedLoad(server: Server, { entrance, overloaded, short }: SheddingOptions): void {
  const routes = server.listeners("request") as RequestListener[];
  server.removeAllListeners("request");
  server.on("request", (request, response) => {
    const toRoutes = () => {
      for (const route of routes) route.call(server, request, response);
    };
    if (isAlwaysTold(request)) {
      toRoutes();
      return;
    }
    const begin = (next: Next) => {
      if (!short(request, response, next)) next.onToRoutes();
    };
    let waits = false;
    let started = false;
    const left = entrance.enter({
      // Who names a version may wait until the node has got there.
      telling: !("catalog-min-version" in request.headers),
      start() {
        started = true;
        // Who waited leaves with its connection, whichever way it is answered.
        if (waits) begin({ left: () => {}, onToRoutes: toRoutes });
      },
      refuse: () => overloaded.give(request, response),
    });
    const leaveWithAnswer = () => {
      if (response.closed) left();
      else response.on("close", left);
    };
    if (started) {
      begin({
        left,
        onToRoutes() {
          leaveWithAnswer();
          toRoutes();
        },
      });
      return;
    }
    waits = true;
    leaveWithAnswer();
  });
}
