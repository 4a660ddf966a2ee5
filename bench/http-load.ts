import { connect } from "node:net";

/**
 * Readers of one HTTP server: connections that stay, each with one request under way. It costs less than the
 * servers that it measures, and reads no more of an answer than its head and where it ends.
 */
export interface Load {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** How many answers came from which tier, by their `Cache-Status`. */
  readonly tiers: ReadonlyMap<string, number>;
}

export interface LoadOptions {
  readonly port: number;
  /** The path of the next request. */
  readonly path: () => string;
  readonly connections: number;
  readonly ms: number;
  /** As browsers do, which the edge compresses for. */
  readonly gzip?: boolean;
}

export async function load({ port, path, connections, ms, gzip = false }: LoadOptions): Promise<Load> {
  const readers = await Promise.all(Array.from({ length: connections }, () => openReader(port, gzip)));
  const latencies: number[] = [];
  const tiers = new Map<string, number>();
  const from = performance.now();
  const until = from + ms;
  await Promise.all(
    readers.map(async ({ get }) => {
      while (performance.now() < until) {
        const { ms: took, tier } = await get(path());
        latencies.push(took);
        tiers.set(tier, (tiers.get(tier) ?? 0) + 1);
      }
    }),
  );
  const seconds = (performance.now() - from) / 1_000;
  for (const { close } of readers) close();
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
  const requests = latencies.length;
  return { requests, requestsPerSecond: requests / seconds, p50: at(0.5), p99: at(0.99), tiers };
}

/** One connection. A server of ours closes it after 10,000 requests. */
export interface Reader {
  /** One at a time. Rejects for any answer but 200. */
  get(path: string): Promise<Answer>;
  close(): void;
}

export interface Answer {
  /** From asking to the answer's last byte. */
  readonly ms: number;
  /** `memory`, `redis`, `log` or `stale`; empty where the server does not say. */
  readonly tier: string;
  /** As it came: compressed or in chunks, where it is. */
  readonly body: Buffer;
}

const headEnd = Buffer.from("\r\n\r\n");
const lastChunk = Buffer.from("\r\n0\r\n\r\n");
const tierMark = "cache-status: shelfwire; hit; detail=";
const none: Buffer = Buffer.alloc(0);

export function openReader(port: number, gzip = false): Promise<Reader> {
  const coding = gzip ? "Accept-Encoding: gzip\r\n" : "";
  const opened = Promise.withResolvers<Reader>();
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  let held = none;
  let askedAt = 0;
  let waiting: PromiseWithResolvers<Answer> | undefined;

  function refuse(error: Error): void {
    opened.reject(error);
    waiting?.reject(error);
    socket.destroy();
  }

  socket.on("connect", () =>
    opened.resolve({
      get(path) {
        if (socket.destroyed) return Promise.reject(new Error("the connection is closed"));
        waiting = Promise.withResolvers();
        askedAt = performance.now();
        socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n${coding}\r\n`);
        return waiting.promise;
      },
      close: () => socket.destroy(),
    }),
  );
  socket.on("error", refuse);
  socket.on("end", () => refuse(new Error("the server closed a connection")));
  socket.on("data", (chunk: Buffer) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    const end = held.indexOf(headEnd);
    if (end === -1) return;
    const head = held.toString("latin1", 0, end);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
    // Varnish does not know the length yet where it hands an answer to those who wait for it.
    const isChunked = Number.isNaN(length) && /transfer-encoding: chunked/i.test(head);
    if (!head.startsWith("HTTP/1.1 200") || (Number.isNaN(length) && !isChunked)) {
      refuse(new Error(`an answer that nobody expected: ${head}`));
      return;
    }
    if (
      isChunked
        ? !held.subarray(-lastChunk.length).equals(lastChunk)
        : held.length < end + headEnd.length + length
    )
      return;
    const body = held.subarray(end + headEnd.length);
    held = none;
    waiting?.resolve({ ms: performance.now() - askedAt, tier: tierIn(head), body });
  });
  return opened.promise;
}

function tierIn(head: string): string {
  const at = head.indexOf(tierMark);
  if (at === -1) return "";
  const from = at + tierMark.length;
  const end = head.indexOf("\r", from);
  return head.slice(from, end === -1 ? undefined : end);
}
