import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** What stands for a provider's API: it keeps each request as it came, and answers as it is told. */
export interface ProviderServer {
  readonly url: string;
  readonly requests: readonly ReceivedRequest[];
  /** How the next requests are answered; `hang` leaves them without an answer. */
  answer(next: ProviderAnswer | "hang"): void;
  close(): Promise<void>;
}

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export interface ProviderAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export async function startProviderServer(first: ProviderAnswer): Promise<ProviderServer> {
  const requests: ReceivedRequest[] = [];
  let next: ProviderAnswer | "hang" = first;
  const server = createServer({ maxHeaderSize: 64 * 1024 }, (request, response) => {
    void read(request).then((body) => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, value?.toString()]),
      );
      requests.push({ method: request.method ?? "", path: request.url ?? "", headers, body });
      if (next !== "hang") response.writeHead(next.status, next.headers).end(next.body ?? "");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer(answer) {
      next = answer;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function read(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}
