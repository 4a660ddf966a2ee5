import { METHODS } from "node:http";
import type { FastifyInstance, FastifyRequest, HTTPMethods, onRequestHookHandler } from "fastify";
import { limits } from "./limits.ts";
import { Problem } from "./problems.ts";

/**
 * What is refused before any route sees it, and before a body is read: addresses and headers beyond their
 * limits, bodies where none belongs, methods that a resource does not have.
 *
 * Only known query parameters are ever read, so an unknown one changes neither an answer nor a cache's key.
 * Headers by which proxies rewrite a request (`X-Forwarded-Host`, `X-Original-URL`, `X-HTTP-Method-Override`)
 * are not read anywhere; whose request it was, `heat/reader-address.ts` reads.
 */
declare module "fastify" {
  interface FastifyContextConfig {
    /** For a route whose addresses may be longer than others'. */
    readonly urlBytesMax?: number;
  }
}

export function guard(server: FastifyInstance): void {
  server.addHook("onRequest", (request, _, done) => done(refusal(request)));
}

function refusal(request: FastifyRequest): Problem | undefined {
  const { headers, rawHeaders, method } = request.raw;
  const { url, routeOptions } = request;
  const urlMax = routeOptions.config.urlBytesMax ?? limits.urlBytesMax;
  // Node takes request targets as Latin-1, so characters are bytes here and in headers.
  if (url.length > urlMax) return new Problem("url-too-long", `it may be ${urlMax} bytes long`);
  let headerBytes = 0;
  for (const text of rawHeaders) headerBytes += text.length;
  if (headerBytes > limits.headerBytesMax) {
    return new Problem("headers-too-large", `all together may have ${limits.headerBytesMax} bytes`);
  }
  if (request.is404) return new Problem("not-found", `there is no ${method} ${url.slice(0, 200)}`);
  const {
    "content-length": length = "0",
    "transfer-encoding": transfer,
    "content-encoding": coding,
  } = headers;
  if ((method === "GET" || method === "HEAD") && (transfer !== undefined || Number(length) > 0)) {
    return new Problem("invalid-body", `a ${method} request has no body`);
  }
  if (coding !== undefined && coding !== "identity") {
    return new Problem("unsupported-body", "send it without Content-Encoding");
  }
  return undefined;
}

const connect: HTTPMethods = "CONNECT";
/** Every method that the parser knows and that reaches a handler. */
const methods = METHODS.filter((method) => method !== connect);

/**
 * From here on every route of `register` answers the methods that it lacks with 405 and `Allow` (RFC 9110,
 * 15.5.6).
 */
export function withAllowedMethods(server: FastifyInstance, register: () => void): void {
  for (const method of methods) {
    if (!server.supportedMethods.includes(method)) server.addHttpMethod(method, { hasBody: true });
  }
  const allowed = new Map<string, { readonly known: Set<string>; first: readonly onRequestHookHandler[] }>();
  server.addHook("onRoute", ({ method, url, onRequest = [] }) => {
    const { known } = allowed.get(url) ?? { known: new Set() };
    for (const each of [method].flat()) known.add(each);
    allowed.set(url, { known, first: [onRequest].flat() });
  });
  register();
  for (const [url, { known, first }] of allowed) {
    const lacking = methods.filter((method) => !known.has(method));
    if (lacking.length === 0) continue;
    const allow = [...known].sort().join(", ");
    server.route({
      method: lacking,
      url,
      // Whom a resource turns away does not learn what it can do either.
      onRequest: [
        ...first,
        (request, reply, done) => {
          reply.header("allow", allow);
          done(new Problem("method-not-allowed", `${request.method} is not among ${allow}`));
        },
      ],
      handler: () => {},
    });
  }
}
