import type { Server } from "node:http";
import { Server as Listener, type Socket } from "node:net";
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import { limits } from "./limits.ts";

/**
 * How a node leaves without a failed request.
 *
 * 1. `/readyz` answers 503 for `noticeMs`, so that whoever sends the traffic sends it elsewhere. Everything is
 *    still answered. Connections from before end with their next answer, which says `Connection: close`; who
 *    comes here all the same gets one that stays, or the port would close in the middle of reconnecting.
 * 2. The port closes. Now every answer is the last of its connection, and the next attempt to connect is
 *    refused, which a client can tell from a request that was lost.
 * 3. Connections on which nobody asked anything for a while are closed as well. What is under way is finished,
 *    for `limits.drainMs` at most, so that one slow client does not hold the process.
 */
export interface Readiness {
  /** Whether the projections were level with the log once; what comes later does not make a node unready. */
  caughtUp: boolean;
  draining: boolean;
  /** Whether the answer now being made is the last on its connection. */
  endsWith(connection: Socket): boolean;
  /** Called once, when it begins. */
  onDraining: () => void;
}

/** `caughtUp`: this is a node that was ready before, in another thread. */
export const createReadiness = (caughtUp = false): Readiness => ({
  caughtUp,
  draining: false,
  endsWith: () => false,
  onDraining: () => {},
});

export async function drain(server: Server, readiness: Readiness, noticeMs: number): Promise<void> {
  const late = new WeakSet<Socket>();
  server.on("connection", (connection: Socket) => late.add(connection));
  readiness.draining = true;
  readiness.endsWith = (connection) => !late.has(connection);
  readiness.onDraining();
  await delay(noticeMs);

  await allAccepted(server);
  readiness.endsWith = () => true;
  let open = true;
  // The HTTP server's own way to close also cuts the connections whose next request is on its way.
  Listener.prototype.close.call(server, () => {
    open = false;
  });

  const closedAt = performance.now();
  while (open) {
    await delay(limits.sweepMs);
    // Timers run before the loop has read what arrived; what looks idle then may not be.
    await nextTurn();
    const ms = performance.now() - closedAt;
    if (ms > limits.drainMs) server.closeAllConnections();
    else if (ms > limits.drainIdleMs) server.closeIdleConnections();
  }
}

/**
 * Connections that wait to be accepted would be reset with the port. The loop accepts one in each turn, so a
 * turn that brought none means that none is waiting.
 */
async function allAccepted(server: Server): Promise<void> {
  const deadline = performance.now() + limits.acceptMs;
  let accepted: boolean;
  const note = () => {
    accepted = true;
  };
  server.on("connection", note);
  do {
    accepted = false;
    await nextTurn();
  } while (accepted && performance.now() < deadline);
  server.off("connection", note);
}
