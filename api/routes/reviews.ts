import type { FastifyInstance } from "fastify";
import { send } from "../answer.ts";
import { cachePolicies } from "../cache-policy.ts";
import { identifierParameter } from "../parameters.ts";
import { minimumSequence, positionText } from "../position.ts";
import { Problem } from "../problems.ts";
import { reviewsView } from "../views.ts";
import type { RouteContext } from "./context.ts";

/** `GET /api/products/{id}/reviews`: the rating with the newest reviews. */
export function reviewRoutes(server: FastifyInstance, context: RouteContext): void {
  const { reader, stream, now } = context;
  server.get<{ Params: { id: string } }>("/api/products/:id/reviews", async (request, reply) => {
    const id = identifierParameter("id", request.params.id);
    const policy = cachePolicies.reviews;
    const options = { freshnessMs: policy.freshnessMs, minSequence: await minimumSequence(request, context) };
    const [found] = await reader.read([id], options);
    if (found === undefined) throw new Problem("unknown-product", `there is no product "${id}"`);
    const { reviews, degraded } = await reader.reviews(id, options);
    const { rating } = found.state;
    // The list is written behind the rating: it says so where it lacks what the rating counts.
    const behind = (rating?.sequence ?? 0) > (reviews?.sequence ?? 0);
    const body = reviewsView(rating, reviews);
    const position = positionText(stream, found.sequence);
    const { source, knownAt } = found;
    const answer = {
      policy,
      body,
      source,
      position,
      knownAt,
      degraded: degraded || behind || source === "stale",
    };
    return send(request, reply, answer, now());
  });
}
