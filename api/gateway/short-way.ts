import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { Identifier } from "../../streams/identifier.ts";
import { headersOf, matches } from "../answer.ts";
import { cachePolicies } from "../cache-policy.ts";
import type { Readiness } from "../drain.ts";
import { limits } from "../limits.ts";
import { positionText } from "../position.ts";
import type { View } from "../views.ts";
import type { Gateway } from "./gateway.ts";
import type { Served } from "./served.ts";

/**
 * The short ways for a plain request for one product, with the same bytes and headers as by its route: what is held and
 * trusted is answered where it arrives, before anything else; what must be loaded, behind the admission and before
 * the routes. Everything that is unusual in any way goes on to the routes: another method, an identifier that needs
 * decoding, a body, a token, a position, too many headers, a node that is draining, a product that does not exist, a
 * failure.
 */
export interface ShortWayOptions {
  readonly gateway: Gateway;
  readonly readiness: Readiness;
  readonly stream: string;
  readonly now: () => number;
}

interface Plain {
  readonly id: Identifier;
  readonly view: View;
  readonly validator: string | undefined;
}

const target = /^\/api\/products\/([A-Za-z0-9_-]{1,128})(\?view=details)?$/;

export function serveHeldFirst(server: Server, options: ShortWayOptions): void {
  const { gateway } = options;
  wrap(server, options, (plain, response) => {
    const served = gateway.held(plain.id, plain.view);
    if (served === undefined) return false;
    send(plain, served, response, options);
    return true;
  });
}

export function serveProductsShort(server: Server, options: ShortWayOptions): void {
  const { gateway, readiness } = options;
  wrap(server, options, (plain, response, onToRoutes) => {
    const answer = ([served]: readonly (Served | undefined)[]): void => {
      if (served === undefined || readiness.draining) onToRoutes();
      else send(plain, served, response, options);
    };
    gateway
      .products([plain.id], plain.view, undefined)
      .then(answer, onToRoutes)
      .catch((error: Error) => response.destroy(error));
    return true;
  });
}

/** Puts a way before all that listens so far. It says whether it takes the request. */
function wrap(
  server: Server,
  { readiness }: ShortWayOptions,
  way: (plain: Plain, response: ServerResponse, onToRoutes: () => void) => boolean,
): void {
  const routes = server.listeners("request") as RequestListener[];
  server.removeAllListeners("request");
  server.on("request", (request, response) => {
    const onToRoutes = () => {
      for (const route of routes) route.call(server, request, response);
    };
    const plain = readiness.draining ? undefined : plainOf(request);
    if (plain === undefined || !way(plain, response, onToRoutes)) onToRoutes();
  });
}

function plainOf({ method, url = "", rawHeaders }: IncomingMessage): Plain | undefined {
  if (method !== "GET") return undefined;
  const [, id, details] = target.exec(url) ?? [];
  if (id === undefined) return undefined;
  const validator = validatorAmong(rawHeaders);
  if (validator === unusual) return undefined;
  return { id: id as Identifier, view: details === undefined ? "assembled" : "details", validator };
}

function send(
  { view, validator }: Plain,
  served: Served,
  response: ServerResponse,
  { stream, now }: ShortWayOptions,
): void {
  const policy = view === "details" ? cachePolicies.productDetails : cachePolicies.productAssembled;
  const { prepared, source, sequence, knownAt, validUntil, degraded } = served;
  const position = sequence === undefined ? undefined : positionText(stream, sequence);
  const circumstances = { policy, source, position, knownAt, validUntil, degraded };
  const headers = headersOf(prepared, circumstances, false, now());
  if (!degraded && matches(validator, prepared.etag)) {
    response.writeHead(304, headers).end();
    return;
  }
  headers.push("content-length", String(prepared.bytes.length));
  response.writeHead(200, headers).end(prepared.bytes);
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
