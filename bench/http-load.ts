import { connect, type Socket } from "node:net";

/**
 * Readers of one HTTP server: connections that stay, each with one request under way. It costs less than the
 * servers that it measures, and reads no more of an answer than where it ends.
 */
export interface Load {
  readonly requestsPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

export interface LoadOptions {
  readonly port: number;
  /** The path of the next request. */
  readonly path: () => string;
  readonly connections: number;
  readonly ms: number;
}

const headEnd = Buffer.from("\r\n\r\n");

export async function load({ port, path, connections, ms }: LoadOptions): Promise<Load> {
  const latencies: number[] = [];
  const from = performance.now();
  await Promise.all(
    Array.from({ length: connections }, () =>
      keepAsking(port, path, from + ms, (took) => latencies.push(took)),
    ),
  );
  const seconds = (performance.now() - from) / 1_000;
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
  return { requestsPerSecond: latencies.length / seconds, p50: at(0.5), p99: at(0.99) };
}

function keepAsking(
  port: number,
  path: () => string,
  until: number,
  onAnswer: (ms: number) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ host: "127.0.0.1", port, noDelay: true });
    let held: Buffer = Buffer.alloc(0);
    let askedAt = 0;

    function ask(): void {
      askedAt = performance.now();
      if (askedAt >= until) {
        socket.destroy();
        resolve();
        return;
      }
      socket.write(`GET ${path()} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n`);
    }

    socket.on("connect", ask);
    socket.on("error", reject);
    socket.on("data", (chunk: Buffer) => {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const end = held.indexOf(headEnd);
      if (end === -1) return;
      const head = held.toString("latin1", 0, end);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
      if (!head.startsWith("HTTP/1.1 200") || Number.isNaN(length)) {
        reject(new Error(`an answer that nobody expected: ${head}`));
        socket.destroy();
        return;
      }
      if (held.length < end + headEnd.length + length) return;
      held = Buffer.alloc(0);
      onAnswer(performance.now() - askedAt);
      ask();
    });
  });
}
