import { connect, type Socket } from "node:net";

/**
 * Clients who ask when they want to, not when the one before was answered (an open loop): the time of a request runs
 * from the moment at which it was due, so a server that makes them wait cannot hide it. Each request has a connection
 * for itself while it lasts; where all are in use, it is not sent. All connections are open before the first request.
 */
export interface Told {
  /** When it was due, in milliseconds since the load began. */
  readonly at: number;
  readonly tookMs: number;
  /** 0: no connection was free, or there was no answer. */
  readonly status: number;
}

export interface OpenLoad {
  readonly told: readonly Told[];
  /** What the server had of its core from the first request to the last, in seconds. */
  readonly cpu: number;
}

export interface OpenLoadOptions {
  /** What the server has had of its core until now, in seconds. */
  readonly cpuSeconds: () => number;
  readonly port: number;
  /** The path of the next request. */
  readonly path: () => string;
  readonly perSecond: number;
  readonly ms: number;
  readonly connections: number;
  /** How long the last ones may take. */
  readonly settleMs: number;
}

/** Connections opened at once: fewer than the system lets wait to be accepted. */
const openingMax = 100;
/** Between two looks at what is due. */
const tickMs = 1;
const headEnd = Buffer.from("\r\n\r\n");

export async function openLoad(options: OpenLoadOptions): Promise<OpenLoad> {
  const { port, path, perSecond, ms, connections, settleMs, cpuSeconds } = options;
  const told: Told[] = [];
  const all: Connection[] = [];
  while (all.length < connections) {
    const opening = Array.from({ length: Math.min(openingMax, connections - all.length) }, () => open(port));
    all.push(...(await Promise.all(opening)));
  }
  const free = [...all];
  const cpuBefore = cpuSeconds();
  const from = performance.now();
  const elapsed = () => performance.now() - from;

  function ask(connection: Connection, at: number): void {
    connection.ask(path(), (status) => {
      told.push({ at, tookMs: elapsed() - at, status });
      if (status !== 0) free.push(connection);
    });
  }

  let due = 0;
  while (due < ms) {
    for (const now = elapsed(); due < Math.min(now, ms); due += 1_000 / perSecond) {
      const connection = free.pop();
      if (connection === undefined) told.push({ at: due, tookMs: 0, status: 0 });
      else ask(connection, due);
    }
    await new Promise((resolve) => setTimeout(resolve, tickMs));
  }
  const cpu = cpuSeconds() - cpuBefore;
  while (free.length < all.length && elapsed() < ms + settleMs) {
    await new Promise((resolve) => setTimeout(resolve, tickMs));
  }
  await Promise.all(all.map((connection) => connection.close()));
  return { told, cpu };
}

interface Connection {
  /** Calls back with the status, or 0 when the connection ended. */
  ask(path: string, onAnswer: (status: number) => void): void;
  close(): Promise<void>;
}

function open(port: number): Promise<Connection> {
  const socket: Socket = connect({ host: "127.0.0.1", port, noDelay: true });
  let answered: ((status: number) => void) | undefined;
  let held: Buffer = Buffer.alloc(0);
  const end = (status: number) => {
    const tell = answered;
    answered = undefined;
    tell?.(status);
  };
  const closed = new Promise<void>((resolve) => {
    socket.on("close", () => {
      end(0);
      resolve();
    });
  });
  socket.on("data", (chunk: Buffer) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    const headBytes = held.indexOf(headEnd);
    if (headBytes === -1) return;
    const head = held.toString("latin1", 0, headBytes);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
    if (held.length < headBytes + headEnd.length + length) return;
    held = Buffer.alloc(0);
    end(Number(head.slice("HTTP/1.1 ".length, "HTTP/1.1 200".length)));
  });
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("connect", () =>
      resolve({
        ask(path, onAnswer) {
          answered = onAnswer;
          socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n`);
        },
        close() {
          socket.destroy();
          return closed;
        },
      }),
    );
  });
}
