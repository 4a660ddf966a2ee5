import type { FastifyInstance } from "fastify";
import { cachePolicies } from "../cache-policy.ts";
import { identifierParameter } from "../parameters.ts";
import { minimumSequence } from "../position.ts";
import type { RouteContext } from "./context.ts";
import { sendServed } from "./served.ts";

/** `GET /api/products/{id}/reviews`: the rating with the newest reviews. */
export function reviewRoutes(server: FastifyInstance, context: RouteContext): void {
  const { gateway, pages } = context;
  server.get<{ Params: { id: string } }>("/api/products/:id/reviews", async (request, reply) => {
    const id = identifierParameter("id", request.params.id);
    const served = await gateway.page(pages.reviews(id), await minimumSequence(request, context));
    return sendServed(request, reply, served, cachePolicies.reviews, context);
  });
}
