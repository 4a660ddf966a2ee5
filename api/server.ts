import fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import type { Journal } from "../streams/journal.ts";
import type { ProjectionStatus } from "../actors/projection-status.ts";
import type { CatalogHealth } from "./catalog-health.ts";
import { Problem } from "./problems.ts";
import { categoryRoutes } from "./routes/categories.ts";
import type { RouteContext } from "./routes/context.ts";
import { healthRoutes, type Readiness } from "./routes/health.ts";
import { imageRoutes } from "./routes/images.ts";
import { productRoutes } from "./routes/products.ts";
import { reviewRoutes } from "./routes/reviews.ts";
import { valueRoutes } from "./routes/values.ts";

/**
 * The HTTP server: every route, one error handler, limits against slow and oversized requests. Answers under
 * `/api` that no policy covers are `no-store`, errors above all.
 */
export interface ServerOptions extends RouteContext {
  /** The logs whose projections must have caught up before the node is ready. */
  readonly logs: readonly CatalogHealth[];
  readonly readiness: Readiness;
  /** How the projections are, or null; asked at each look at `/readyz`, which waits for it. */
  readonly projections: () => Promise<readonly ProjectionStatus[] | null>;
  readonly journal: Journal;
}

export function createServer(options: ServerOptions): FastifyInstance {
  const { journal } = options;
  const server = fastify({
    logger: false,
    bodyLimit: 64 * 1024,
    requestTimeout: 10_000,
    keepAliveTimeout: 72_000,
    http: { headersTimeout: 5_000, connectionsCheckingInterval: 1_000, maxHeaderSize: 64 * 1024 },
    return503OnClosing: false,
    clientErrorHandler: (error, socket) => {
      if (!socket.writable) return;
      const large = (error as { code?: string }).code === "HPE_HEADER_OVERFLOW";
      const problem = new Problem(
        "invalid-url",
        large ? "the address and headers are too large" : error.message,
      );
      const body = JSON.stringify(problem.body());
      socket.end(
        `HTTP/1.1 400 Bad Request\r\nConnection: close\r\nCache-Control: no-store\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    },
    routerOptions: { maxParamLength: 2_048 },
    frameworkErrors: (error, _, reply) =>
      sendProblem(reply as FastifyReply, new Problem("invalid-url", error.message)),
  });

  server.setErrorHandler((error: unknown, request, reply) => {
    if (error instanceof Problem) return sendProblem(reply, error);
    const { statusCode, message } = error as { statusCode?: number; message: string };
    if (statusCode !== undefined && statusCode < 500) {
      return sendProblem(reply, new Problem("invalid-url", message), statusCode);
    }
    journal.error({ err: error, url: request.url.slice(0, 200) }, "a request failed");
    return sendProblem(
      reply,
      new Problem("internal", "the error was logged; it is not your request's fault"),
    );
  });
  server.setNotFoundHandler((request, reply) =>
    sendProblem(
      reply,
      new Problem("not-found", `there is no ${request.method} ${request.url.slice(0, 200)}`),
    ),
  );

  productRoutes(server, options);
  valueRoutes(server, options);
  reviewRoutes(server, options);
  categoryRoutes(server, options);
  imageRoutes(server, options);
  healthRoutes(server, options.logs, options.readiness, options.projections);
  return server;
}

function sendProblem(reply: FastifyReply, problem: Problem, status: number = problem.status): FastifyReply {
  reply.code(status).header("cache-control", "no-store").header("content-type", "application/problem+json");
  if (status === 503) reply.header("retry-after", "1");
  return reply.send(JSON.stringify({ ...problem.body(), status }));
}
