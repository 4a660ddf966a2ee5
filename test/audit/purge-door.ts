import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** The way that purges take to an edge: a real HTTP server between the purge actor and Varnish, which may fail. */
export interface PurgeDoor {
  readonly url: string;
  /** Where purges go; until it is said nothing is kept that could be purged. */
  leadTo(edgeUrl: string): void;
  set(way: PurgeWay): void;
  /** Purges that did not get through, or not yet. */
  readonly held: number;
  close(): Promise<void>;
}

export const purgeWays = {
  open: "every purge gets through at once",
  lost: "connections are reset, so that the actor hears of the failure",
  ignored: "each purge is said to be done, and nothing is purged",
  delayed: "each purge is said to be done, and is done 10 s later",
} as const;
export type PurgeWay = keyof typeof purgeWays;

const delayMs = 10_000;

export async function openPurgeDoor(): Promise<PurgeDoor> {
  let edge: URL | undefined;
  let way: PurgeWay = "open";
  let held = 0;
  const timers = new Set<NodeJS.Timeout>();

  /** Purged nothing, as Varnish says it. */
  const acknowledge = (response: ServerResponse) => response.end('{"purged":0}');

  function forward(purge: IncomingMessage, response: ServerResponse | undefined): void {
    if (edge === undefined) {
      if (response !== undefined) acknowledge(response);
      return;
    }
    const { hostname, port } = edge;
    const onward = request(
      { hostname, port, path: purge.url, method: purge.method, headers: purge.headers },
      (answer) => {
        if (response === undefined) return void answer.resume();
        response.writeHead(answer.statusCode ?? 502);
        answer.pipe(response);
      },
    );
    onward.on("error", () => response?.destroy());
    onward.end();
  }

  const server = createServer((purge, response) => {
    purge.resume();
    if (way === "open") return forward(purge, response);
    held++;
    if (way === "lost") return void purge.socket.resetAndDestroy();
    acknowledge(response);
    if (way === "ignored") return undefined;
    const timer = setTimeout(() => {
      timers.delete(timer);
      forward(purge, undefined);
    }, delayMs);
    timers.add(timer);
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get held() {
      return held;
    },
    leadTo(edgeUrl) {
      edge = new URL(edgeUrl);
    },
    set(next) {
      way = next;
    },
    close: () =>
      new Promise((resolve) => {
        for (const timer of timers) clearTimeout(timer);
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
