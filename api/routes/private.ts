import type { FastifyInstance } from "fastify";
import { requireUser } from "../identity/caller.ts";
import { Problem } from "../problems.ts";

/** What is under `/api/me` and `/api/checkout` is for users: others do not even learn what there is. */
export function privateRoutes(server: FastifyInstance): void {
  for (const url of ["/api/me", "/api/me/*", "/api/checkout", "/api/checkout/*"]) {
    server.all(url, { onRequest: requireUser }, async (request) => {
      throw new Problem("not-found", `there is no ${request.method} ${request.url.slice(0, 200)}`);
    });
  }
}
