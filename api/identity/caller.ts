import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from "fastify";
import type { Identifier } from "../../streams/identifier.ts";
import { Problem } from "../problems.ts";
import type { Identity } from "./identity.ts";

/**
 * The caller of each request under `/api`. Without an `Authorization` header it is nobody, which the catalogue
 * is open to. A header that was sent must be good: a caller who believes to be signed in is told otherwise, on
 * every route, and never gets the answer meant for anybody.
 */
declare module "fastify" {
  interface FastifyRequest {
    user: Identifier | undefined;
  }
}

export function recogniseCallers(server: FastifyInstance, identity: Identity): void {
  server.decorateRequest("user", undefined);
  server.addHook("onRequest", (request, _, done) => {
    const { authorization } = request.headers;
    if (authorization === undefined || request.routeOptions.url?.startsWith("/api/") !== true) return done();
    if (isRepeated(request.raw.rawHeaders)) return done(unauthorized());
    identity.userOf(authorization).then((user) => {
      request.user = user;
      done(user === undefined ? unauthorized() : undefined);
    }, done);
  });
}

/** For routes that need a user; runs before the body is read. */
export const requireUser: onRequestHookHandler = (request, _, done) =>
  done(request.user === undefined ? unauthorized() : undefined);

/** The user behind a route that needs one. */
export function userOf({ user }: FastifyRequest): Identifier {
  if (user === undefined) throw unauthorized();
  return user;
}

const unauthorized = () => new Problem("unauthorized", "send a valid bearer token in Authorization");

/** Node keeps the first of several; another party on the way may have looked at the last. */
function isRepeated(rawHeaders: readonly string[]): boolean {
  let times = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() === "authorization") times++;
  }
  return times > 1;
}
