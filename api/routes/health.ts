import type { FastifyInstance } from "fastify";
import type { Lag } from "../catalog-health.ts";
import type { ServerOptions } from "../server.ts";

const caughtUpSeconds = 1;

/**
 * `GET /healthz`: the process lives. `GET /readyz`: it has been level with the log once, and is not draining.
 * Losing NATS or Redis later does not make a node unready, since it can still answer. The body says how the
 * projections are, what CDNs are told at the moment and how purges fare, and who keeps stock, without whom nothing can be
 * reserved and everything can be read; null where that cannot be read.
 */
export function healthRoutes(
  server: FastifyInstance,
  options: Pick<ServerOptions, "logs" | "readiness" | "projections" | "purges" | "stock" | "edge">,
): void {
  const { logs, readiness, edge } = options;
  server.get("/healthz", async (_, reply) =>
    reply.header("cache-control", "no-store").send({ status: "ok" }),
  );

  server.get("/readyz", async (_, reply) => {
    reply.header("cache-control", "no-store");
    const lags = await Promise.all(logs.map((log) => log.lag().catch((): Lag | undefined => undefined)));
    readiness.caughtUp ||= lags.every(
      (lag) => lag !== undefined && lag.seconds !== null && lag.seconds < caughtUpSeconds,
    );
    const known = lags.filter((lag) => lag !== undefined);
    const lag = {
      events: known.length < lags.length ? null : known.reduce((sum, { events }) => sum + events, 0),
      seconds:
        known.some(({ seconds }) => seconds === null) || known.length < lags.length
          ? null
          : Math.max(...known.map(({ seconds }) => seconds ?? 0)),
    };
    const status = readiness.draining ? "draining" : readiness.caughtUp ? "ready" : "catching_up";
    const [projections, purges, stock] = await Promise.all([
      options.projections(),
      options.purges(),
      options.stock(),
    ]);
    const lifetimes = edge.isShort ? "short" : "long";
    const body = { status, lag, projections, edge: { lifetimes, purges }, stock };
    return reply.code(status === "ready" ? 200 : 503).send(body);
  });
}
