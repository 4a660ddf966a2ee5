import { mkdtempSync, rmSync } from "node:fs";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Edge, startEdge } from "../../ops/edge/edge.ts";
import { createLogger } from "../../ops/logger.ts";

/** A real varnishd with the edge's configuration, on a free port, and what a test asks of it. */
export interface TestEdge extends Edge {
  ask(path: string, options?: Asking): Promise<Answer>;
  /** Purges by tag, and says how many answers it met. */
  purge(tags: string, kind?: "xkey-purge" | "xkey-softpurge"): Promise<number>;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The edge's own member of `Cache-Status`. */
  readonly edge: string;
}

export interface TestEdgeOptions {
  readonly purgers?: readonly string[];
  readonly probePath?: string;
}

export async function startTestEdge(
  urls: readonly string[],
  { purgers = ["127.0.0.1"], probePath = "/readyz" }: TestEdgeOptions = {},
): Promise<TestEdge> {
  const dataDir = mkdtempSync(join(tmpdir(), "shelfwire-edge-"));
  const settings = {
    urls,
    purgers,
    probePath,
    dataDir,
    host: "127.0.0.1",
    port: 0,
    cacheBytesMax: 64 * 2 ** 20,
  };
  const edge = await startEdge({ ...settings, logger: createLogger("silent") });
  const ask = (path: string, options?: Asking) => askAt(edge.port, path, options);
  return {
    ...edge,
    ask,
    async purge(tags, kind = "xkey-softpurge") {
      const { status, text } = await ask("/", { method: "PURGE", headers: { [kind]: tags } });
      if (status !== 200) throw new Error(`the purge was answered with ${status}: ${text}`);
      return (JSON.parse(text) as { purged: number }).purged;
    },
    async stop() {
      await edge.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** One request as it is given: fetch would mend its path and add headers. */
function askAt(
  port: number,
  path: string,
  { method = "GET", headers = {}, body }: Asking = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        const status = response.headers["cache-status"];
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(parts).toString(),
          edge:
            String(status ?? "")
              .split(", ")
              .at(-1) ?? "",
        });
      });
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

/** An API of the test's own: it is in service while it is told so, and counts what it is asked. */
export interface Origin {
  readonly url: string;
  /** Requests that came, but for those of the probe. */
  readonly seen: readonly IncomingMessage[];
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  inService: boolean;
  stop(): Promise<void>;
}

export async function startOrigin(): Promise<Origin> {
  const seen: IncomingMessage[] = [];
  const server = createServer({ maxHeaderSize: 64 * 1024 }, (request, response) => {
    if (request.url === "/readyz") {
      response.writeHead(origin.inService ? 200 : 503).end();
      return;
    }
    seen.push(request);
    origin.answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin: Origin = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    answer: (_, response) => response.end(),
    inService: true,
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return origin;
}

/** Headers of a product as the API gives them. */
export const productHeaders = {
  "cache-control": "public, max-age=5",
  "cdn-cache-control": "public, max-age=25, stale-while-revalidate=5",
  vary: "Accept-Encoding, Accept-Language, Authorization",
  "content-type": "application/json; charset=utf-8",
  "cache-status": "shelfwire; hit; detail=memory",
  age: "0",
} as const;
