import type { FastifyInstance } from "fastify";
import { cachePolicies } from "../cache-policy.ts";
import { identifierParameter, integerParameter, type Query, wordParameter } from "../parameters.ts";
import { minimumSequence } from "../position.ts";
import type { View } from "../views.ts";
import type { RouteContext } from "./context.ts";
import { sendServed } from "./served.ts";

/** `GET /api/categories`, `/api/categories/{id}` and the products that a category shows. */

const sorts = ["newest", "price_asc", "price_desc"] as const;
/** How far one may page; behind it a search is the better question. */
const resultsMax = 10_000;

export function categoryRoutes(server: FastifyInstance, context: RouteContext): void {
  const { gateway, pages } = context;

  server.get("/api/categories", async (request, reply) => {
    const served = await gateway.page(pages.tree(), await minimumSequence(request, context));
    return sendServed(request, reply, served, cachePolicies.categories, context);
  });

  server.get<{ Params: { id: string } }>("/api/categories/:id", async (request, reply) => {
    const id = identifierParameter("id", request.params.id);
    const served = await gateway.page(pages.category(id), await minimumSequence(request, context));
    return sendServed(request, reply, served, cachePolicies.categories, context);
  });

  server.get<{ Params: { id: string }; Querystring: Query }>(
    "/api/categories/:id/products",
    async (request, reply) => {
      const category = identifierParameter("id", request.params.id);
      const view: View = wordParameter(request.query, "view", ["details"]) ?? "assembled";
      const sort = wordParameter(request.query, "sort", sorts) ?? "newest";
      const pageSize = integerParameter(request.query, "page_size", { min: 1, max: 100, default: 24 });
      const lastPage = Math.floor(resultsMax / pageSize);
      const page = integerParameter(request.query, "page", { min: 1, max: lastPage, default: 1 });
      const listing = pages.listing({ category, sort, view, page, pageSize });
      const served = await gateway.page(listing, await minimumSequence(request, context));
      return sendServed(request, reply, served, listing.policy, context);
    },
  );
}
