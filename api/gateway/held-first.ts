import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { Identifier } from "../../streams/identifier.ts";
import { headersOf, matches } from "../answer.ts";
import { cachePolicies } from "../cache-policy.ts";
import type { Readiness } from "../drain.ts";
import { limits } from "../limits.ts";
import { positionText } from "../position.ts";
import type { View } from "../views.ts";
import type { Gateway } from "./gateway.ts";

/**
 * The shortest way: a plain request for a product that is held and trusted is answered where it arrives, with the same
 * bytes and headers as by its route. Everything that is unusual in any way goes on to the routes: another method, an
 * identifier that needs decoding, a body, a token, a position, too many headers, a node that is draining.
 */
export interface HeldFirstOptions {
  readonly gateway: Gateway;
  readonly readiness: Readiness;
  readonly stream: string;
  readonly now: () => number;
}

const target = /^\/api\/products\/([A-Za-z0-9_-]{1,128})(\?view=details)?$/;

export function serveHeldFirst(server: Server, options: HeldFirstOptions): void {
  const { gateway, readiness, stream, now } = options;
  const routes = server.listeners("request") as RequestListener[];

  function answer(request: IncomingMessage, response: ServerResponse): boolean {
    if (request.method !== "GET" || readiness.draining) return false;
    const [, id, details] = target.exec(request.url ?? "") ?? [];
    if (id === undefined) return false;
    const validator = validatorAmong(request.rawHeaders);
    if (validator === unusual) return false;
    const view: View = details === undefined ? "assembled" : "details";
    const served = gateway.held(id as Identifier, view);
    if (served === undefined) return false;
    const policy = view === "details" ? cachePolicies.productDetails : cachePolicies.productAssembled;
    const { prepared, source, sequence = 0, knownAt, validUntil } = served;
    const circumstances = { policy, source, position: positionText(stream, sequence), knownAt, validUntil };
    const headers = headersOf(prepared, circumstances, false, now());
    if (matches(validator, prepared.etag)) {
      response.writeHead(304, headers).end();
      return true;
    }
    headers.push("content-length", String(prepared.bytes.length));
    response.writeHead(200, headers).end(prepared.bytes);
    return true;
  }

  server.removeAllListeners("request");
  server.on("request", (request, response) => {
    if (answer(request, response)) return;
    for (const route of routes) route.call(server, request, response);
  });
}

const unusual = Symbol("unusual");

/** Headers that change an answer or that must be refused, by the length of their names. */
const telling: ReadonlySet<string> = new Set([
  "authorization",
  "catalog-min-version",
  "content-encoding",
  "content-length",
  "expect",
  "transfer-encoding",
]);
const validatorName = "if-none-match";
const lengths: ReadonlySet<number> = new Set([...telling, validatorName].map(({ length }) => length));

/** The value of `If-None-Match`, if any; `unusual` where the routes must look at the headers themselves. */
function validatorAmong(rawHeaders: readonly string[]): string | undefined | typeof unusual {
  let bytes = 0;
  let validator: string | undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    const value = rawHeaders[at + 1] as string;
    bytes += name.length + value.length;
    if (!lengths.has(name.length)) continue;
    const lower = name.toLowerCase();
    if (telling.has(lower) || (lower === validatorName && validator !== undefined)) return unusual;
    if (lower === validatorName) validator = value;
  }
  return bytes > limits.headerBytesMax ? unusual : validator;
}
