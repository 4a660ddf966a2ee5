import fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import type { Journal } from "../streams/journal.ts";
import type { PurgeReport } from "../actors/edge-purge/purge-report.ts";
import type { ProjectionStatus } from "../actors/projection-status.ts";
import type { StockStatus } from "../actors/stock/stock-status.ts";
import type { Admission } from "./admission.ts";
import type { CatalogHealth } from "./catalog-health.ts";
import type { Checkout } from "./checkout/checkout.ts";
import { writeClientError, refuseTunnels } from "./client-error.ts";
import type { Readiness } from "./drain.ts";
import { createEntrance } from "./entrance.ts";
import { guard, withAllowedMethods } from "./gate.ts";
import { createProductsShort, serveHeldFirst } from "./fast-path/short-way.ts";
import { serveOffTheWire } from "./fast-path/wire-products.ts";
import { observeRoutes } from "./heat/observing.ts";
import { limitAddresses, limitUsers, type RateLimit } from "./heat/rate-limit.ts";
import { recogniseCallers } from "./identity/caller.ts";
import type { Identity } from "./identity/identity.ts";
import { acceptJsonBodies } from "./json-body.ts";
import { limits } from "./limits.ts";
import { shedLoad } from "./load-shedding.ts";
import { Problem, type ProblemCode } from "./problems.ts";
import { categoryRoutes } from "./routes/categories.ts";
import { checkoutRoutes } from "./routes/checkout.ts";
import type { RouteContext } from "./routes/context.ts";
import { cutPipelines } from "./pipelines.ts";
import { createRefusal } from "./refusal.ts";
import { healthRoutes } from "./routes/health.ts";
import { imageRoutes } from "./routes/images.ts";
import { privateRoutes } from "./routes/private.ts";
import { productRoutes } from "./routes/products.ts";
import { reviewRoutes } from "./routes/reviews.ts";
import { valueRoutes } from "./routes/values.ts";

/**
 * The HTTP server: every route, one error handler, limits against slow and hostile clients (`limits.ts`).
 * Answers under `/api` that no policy covers are `no-store`, errors above all.
 */
export interface ServerOptions extends RouteContext {
  readonly identity: Identity;
  /** The logs whose projections must have caught up before the node is ready. */
  readonly logs: readonly CatalogHealth[];
  readonly readiness: Readiness;
  readonly admission: Admission;
  /** Undefined where nobody is limited. */
  readonly rateLimit: RateLimit | undefined;
  /** Where nothing is sold, it is left out. */
  readonly checkout?: Checkout;
  /** How the projections are, or null; asked at each look at `/readyz`, which waits for it. */
  readonly projections: () => Promise<readonly ProjectionStatus[] | null>;
  /** The same of purge actors, and of whoever keeps stock. */
  readonly purges: () => Promise<readonly PurgeReport[] | null>;
  readonly stock: () => Promise<readonly StockStatus[] | null>;
  readonly journal: Journal;
}

export function createServer(options: ServerOptions): FastifyInstance {
  const { journal, readiness, rateLimit, checkout } = options;
  const server = fastify({
    logger: false,
    bodyLimit: limits.bodyBytesMax,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionTimeout: limits.stalledMs,
    maxRequestsPerSocket: limits.requestsPerConnectionMax,
    http: {
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: limits.checkMs,
      maxHeaderSize: limits.headBytesMax,
    },
    return503OnClosing: false,
    clientErrorHandler: writeClientError,
    // The length of an address is judged as a whole, with the other limits.
    routerOptions: { maxParamLength: limits.headBytesMax },
    frameworkErrors: (error, _, reply) => sendProblem(reply as FastifyReply, problemOf(error)),
  });
  server.server.maxHeadersCount = limits.headersMax;
  server.server.maxConnections = limits.connectionsMax;
  refuseTunnels(server.server);

  server.setErrorHandler((error: unknown, request, reply) => {
    const problem = problemOf(error);
    if (problem.code === "internal") {
      journal.error({ err: error, url: request.url.slice(0, 200) }, "a request failed");
    }
    return sendProblem(reply, problem);
  });
  server.addHook("onRequest", (request, reply, done) => {
    if (readiness.draining && readiness.endsWith(request.raw.socket)) reply.header("connection", "close");
    done();
  });
  // In this order: what is held costs hardly more than a refusal, and is answered before anybody waits. Who asks too
  // much gets nothing. Each one goes before those that were there.
  const entrance = createEntrance(options.admission);
  const overloaded = createRefusal("overloaded", "ask again in a second", readiness);
  shedLoad(server.server, { entrance, overloaded, short: createProductsShort(options) });
  serveHeldFirst(server.server, options);
  if (rateLimit !== undefined) limitAddresses(server.server, { ...options, rateLimit });
  cutPipelines(server.server);
  serveOffTheWire(server.server, { ...options, entrance, overloaded });
  observeRoutes(server, options);
  guard(server);
  recogniseCallers(server, options.identity);
  if (rateLimit !== undefined) limitUsers(server, rateLimit);
  acceptJsonBodies(server);

  withAllowedMethods(server, () => {
    productRoutes(server, options);
    valueRoutes(server, options);
    reviewRoutes(server, options);
    categoryRoutes(server, options);
    imageRoutes(server, options);
    if (checkout !== undefined) checkoutRoutes(server, checkout);
    privateRoutes(server);
    healthRoutes(server, options);
  });
  return server;
}

/** What fastify itself refuses, by its status; anything that nobody expected is a defect of ours. */
const refusals: ReadonlyMap<number, ProblemCode> = new Map([
  [400, "invalid-url"],
  [413, "body-too-large"],
  [414, "url-too-long"],
  [415, "unsupported-body"],
]);

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { code = "", statusCode = 500, message } = error as Error & { code?: string; statusCode?: number };
  if (statusCode >= 500)
    return new Problem("internal", "the error was logged; it is not your request's fault");
  const aboutBody = statusCode === 400 && code.startsWith("FST_ERR_CTP");
  return new Problem(aboutBody ? "invalid-body" : (refusals.get(statusCode) ?? "invalid-request"), message);
}

function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const { status, retryAfterSeconds } = problem;
  reply.code(status).header("cache-control", "no-store").header("content-type", "application/problem+json");
  if (status === 401) reply.header("www-authenticate", "Bearer");
  if (retryAfterSeconds !== undefined) reply.header("retry-after", String(retryAfterSeconds));
  // As bytes, since fastify adds a charset to text, which this media type does not have.
  return reply.send(Buffer.from(JSON.stringify(problem.body())));
}
