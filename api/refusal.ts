import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readiness } from "./drain.ts";
import { Problem, type ProblemCode } from "./problems.ts";

/**
 * A refusal whose bytes are ready, for those who are refused before anything of their request is looked at. They may ask
 * again in a second. A body that is on its way is read and dropped by Node, so that the connection can go on.
 */
export interface Refusal {
  give(request: IncomingMessage, response: ServerResponse): void;
  readonly status: number;
  /** Name, value, name, value. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

export function createRefusal(code: ProblemCode, detail: string, readiness: Readiness): Refusal {
  const problem = new Problem(code, detail);
  const { status } = problem;
  const body = Buffer.from(JSON.stringify(problem.body()));
  const headers: readonly string[] = [
    "cache-control",
    "no-store",
    "content-type",
    "application/problem+json",
    "retry-after",
    "1",
    "content-length",
    String(body.length),
  ];
  return {
    status,
    headers,
    body,
    give(request, response) {
      const last = readiness.draining && readiness.endsWith(request.socket);
      response.writeHead(status, last ? [...headers, "connection", "close"] : [...headers]);
      response.end(request.method === "HEAD" ? undefined : body);
    },
  };
}

/** Whether the process lives and is ready is told to anybody: a busy node that looks dead is restarted. */
const alwaysTold = /^\/(?:healthz|readyz)(?:\?|$)/;

export const isAlwaysTold = ({ url = "" }: IncomingMessage): boolean => alwaysTold.test(url);
