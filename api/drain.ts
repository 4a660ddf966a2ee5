import type { Server } from "node:http";
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import { limits } from "./limits.ts";
import type { Readiness } from "./routes/health.ts";

/**
 * How a node leaves without a failed request.
 *
 * 1. `/readyz` answers 503 for `noticeMs`, so that whoever sends the traffic sends it elsewhere. Everything is
 *    still answered, on new connections too; each answer says `Connection: close`, so that the connections in
 *    use end with an answer and not in the middle of a request.
 * 2. The port closes, and with it the connections that nobody used meanwhile. That happens right after the
 *    event loop has accepted and read all that had arrived, so that none of it is cut.
 * 3. What is under way is finished, for `limits.drainMs` at most. Node checks its own timeouts no longer on a
 *    closed server, so without this bound one slow client could hold the process for ever.
 */
export async function drain(server: Server, readiness: Readiness, noticeMs: number): Promise<void> {
  readiness.draining = true;
  await delay(noticeMs);
  // Timers run before the loop looks at its sockets, immediates run after.
  await nextTurn();
  let open = true;
  server.close(() => {
    open = false;
  });
  for (const deadline = performance.now() + limits.drainMs; open; ) {
    await delay(sweepMs);
    await nextTurn();
    if (performance.now() < deadline) server.closeIdleConnections();
    else server.closeAllConnections();
  }
}

const sweepMs = 50;
