import { type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { limits } from "./limits.ts";
import { Problem, type ProblemCode } from "./problems.ts";

/**
 * What the parser refuses has no request that could be answered: the problem is written on the connection
 * itself, which then ends.
 */
export function writeClientError(error: Error & { readonly code?: string }, socket: Duplex): void {
  if (!socket.writable) return;
  // Node's own mark of the answer under way: text in the middle of one would be read as a part of it.
  const { _httpMessage: answer } = socket as Duplex & { readonly _httpMessage?: ServerResponse | null };
  if (answer?.headersSent === true && !answer.writableEnded) {
    socket.destroy();
    return;
  }
  const [code, detail] = reasons.get(error.code ?? "") ?? ["invalid-request", error.message];
  endWith(socket, new Problem(code, detail));
}

/** Tunnels are for proxies: without a listener Node would cut the connection without a word. */
export function refuseTunnels(server: Server): void {
  server.on("connect", (_, socket) =>
    endWith(socket, new Problem("method-not-allowed", "CONNECT is not among GET, HEAD")),
  );
}

const reasons: ReadonlyMap<string, readonly [ProblemCode, string]> = new Map([
  ["HPE_HEADER_OVERFLOW", ["headers-too-large", `there may be ${limits.headersMax}, and they must be short`]],
  ["ERR_HTTP_REQUEST_TIMEOUT", ["request-timeout", "it did not arrive in time"]],
]);

function endWith(socket: Duplex, problem: Problem): void {
  const body = JSON.stringify(problem.body());
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    "Connection: close",
    "Cache-Control: no-store",
    "Content-Type: application/problem+json",
    ...(problem.status === 405 ? ["Allow: GET, HEAD"] : []),
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.on("error", () => {});
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  // Cut at once, the other side might lose the answer unread; left open, it could stay for ever.
  setTimeout(() => socket.destroy(), limits.lingerMs).unref();
}
