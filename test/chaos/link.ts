import { createServer, Socket } from "node:net";
import { type Pump, startPump } from "./pump.ts";

/**
 * A link that can be broken: a TCP proxy on 127.0.0.1 between Shelfwire and one server.
 *
 * What a real network does with a lost packet is to send it again, so a dark link holds the bytes back and
 * lets them go when it is mended; nobody hears of the loss but by silence. A connection made meanwhile is
 * accepted and hears nothing, and reaches the server when the link is mended.
 */
export interface Link {
  readonly port: number;
  set(state: LinkState): void;
  close(): Promise<void>;
}

export const linkStates = {
  open: { toServer: Number.POSITIVE_INFINITY, toClient: Number.POSITIVE_INFINITY },
  /** Nothing comes through, and nobody says so. */
  dark: { toServer: 0, toClient: 0 },
  /** The server hears, its answers are lost: what it was told to do is done. */
  deaf: { toServer: Number.POSITIVE_INFINITY, toClient: 0 },
  /** The server hears nothing and goes on talking. */
  mute: { toServer: 0, toClient: Number.POSITIVE_INFINITY },
  /** Bytes a second. */
  slow: { toServer: 400, toClient: 400 },
  /** Every connection is reset, and each new one at once. */
  reset: { toServer: 0, toClient: 0 },
} as const;
export type LinkState = keyof typeof linkStates;

/** What may be done to the bytes of one connection on their way from the server. */
export type Meddling = (pass: (bytes: Buffer) => void) => (bytes: Buffer) => void;

interface Pair {
  readonly toServer: Pump;
  readonly toClient: Pump;
  /** Reaches out to the server, once. */
  begin(): void;
  reset(): void;
}

export async function startLink(serverPort: number, meddling?: Meddling): Promise<Link> {
  const pairs = new Set<Pair>();
  let state: LinkState = "open";

  function accept(client: Socket): void {
    if (state === "reset") {
      client.resetAndDestroy();
      return;
    }
    const server = new Socket().setNoDelay();
    const pair: Pair = {
      toServer: startPump(client, server),
      toClient: startPump(server, client, meddling),
      begin() {
        if (server.pending && !server.connecting) server.connect({ port: serverPort, host: "127.0.0.1" });
      },
      reset() {
        client.resetAndDestroy();
        server.destroy();
      },
    };
    pairs.add(pair);
    client.once("close", () => pairs.delete(pair));
    apply(pair);
  }

  function apply(pair: Pair): void {
    const { toServer, toClient } = linkStates[state];
    if (toServer > 0 || toClient > 0) pair.begin();
    pair.toServer.run(toServer);
    pair.toClient.run(toClient);
  }

  const listener = createServer({ noDelay: true }, accept);
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("the link has no port");
  return {
    port: address.port,
    set(next) {
      state = next;
      for (const pair of pairs) {
        if (state === "reset") pair.reset();
        else apply(pair);
      }
    },
    close: () =>
      new Promise((resolve) => {
        for (const pair of pairs) pair.reset();
        listener.close(() => resolve());
      }),
  };
}
