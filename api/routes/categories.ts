import type { FastifyInstance } from "fastify";
import type { Identifier } from "../../streams/identifier.ts";
import { type Category, lineage } from "../../projections/categories.ts";
import { nextBoundary } from "../../projections/sales.ts";
import { send } from "../answer.ts";
import { allAtHead, lowestSequence } from "../catalog-health.ts";
import { cachePolicies } from "../cache-policy.ts";
import type { TreeNow } from "../category-tree.ts";
import { identifierParameter, integerParameter, type Query, wordParameter } from "../parameters.ts";
import { minimumSequence, positionText } from "../position.ts";
import { Problem } from "../problems.ts";
import type { Found } from "../reader.ts";
import { slowest } from "../sources.ts";
import { summaryDetailsView, summaryView } from "../views.ts";
import type { RouteContext } from "./context.ts";

/** `GET /api/categories`, `/api/categories/{id}` and the products that a category shows. */

const sorts = ["newest", "price_asc", "price_desc"] as const;
/** How far one may page; behind it a search is the better question. */
const resultsMax = 10_000;

export function categoryRoutes(server: FastifyInstance, context: RouteContext): void {
  const { reader, readModel, tree, versions, stream, now } = context;

  /** A category of the tree; while the tree is being made again, as the log has it. */
  async function known(id: Identifier, { tree: categories, degraded }: TreeNow): Promise<Category> {
    const category = categories.get(id) ?? (degraded ? await reader.category(id) : undefined);
    if (category !== undefined) return category;
    throw new Problem("unknown-category", `there is no category "${id}"`);
  }

  const positionOf = ({ position, degraded }: TreeNow) =>
    degraded ? undefined : positionText(stream, position);

  const nodeView = ({ id, name, parent_id, position, sequence }: Category) => ({
    id,
    name,
    parent_id,
    position,
    version: sequence,
  });

  server.get("/api/categories", async (request, reply) => {
    const current = await tree.read(await minimumSequence(request, context));
    const branch = (parent: Identifier | null): object[] =>
      (current.children.get(parent) ?? []).map((category) => ({
        ...nodeView(category),
        children: branch(category.id),
      }));
    const body = { categories: branch(null) };
    const position = positionOf(current);
    const { knownAt, degraded } = current;
    const answer = {
      policy: cachePolicies.categories,
      body,
      source: "redis",
      position,
      knownAt,
      degraded,
    } as const;
    return send(request, reply, answer, now());
  });

  server.get<{ Params: { id: string } }>("/api/categories/:id", async (request, reply) => {
    const id = identifierParameter("id", request.params.id);
    const current = await tree.read(await minimumSequence(request, context));
    const category = await known(id, current);
    const path = lineage(current.tree, id)
      .map((each) => current.tree.get(each))
      .filter((each) => each !== undefined)
      .reverse();
    const body = {
      ...nodeView(category),
      path: path.map((each) => ({ id: each.id, name: each.name })),
      children: (current.children.get(id) ?? []).map(nodeView),
    };
    const position = positionOf(current);
    const { knownAt, degraded } = current;
    const answer = {
      policy: cachePolicies.categories,
      body,
      source: "redis",
      position,
      knownAt,
      degraded,
    } as const;
    return send(request, reply, answer, now());
  });

  server.get<{ Params: { id: string }; Querystring: Query }>(
    "/api/categories/:id/products",
    async (request, reply) => {
      const id = identifierParameter("id", request.params.id);
      const view = wordParameter(request.query, "view", ["details"]) ?? "assembled";
      const sort = wordParameter(request.query, "sort", sorts) ?? "newest";
      const pageSize = integerParameter(request.query, "page_size", { min: 1, max: 100, default: 24 });
      const lastPage = Math.floor(resultsMax / pageSize);
      const page = integerParameter(request.query, "page", { min: 1, max: lastPage, default: 1 });
      const policy = view === "details" ? cachePolicies.listingDetails : cachePolicies.listing;
      const options = {
        freshnessMs: policy.freshnessMs,
        minSequence: await minimumSequence(request, context),
      };
      const current = await tree.read(options.minSequence);
      await known(id, current);
      const listing = await readModel
        .readListing(id, sort, (page - 1) * pageSize, pageSize)
        // No other tier has lists: without Redis the page is there, empty and marked as degraded.
        .catch(() => ({ ids: [], total: 0, positions: [undefined] }));
      const results = await reader.read(listing.ids, options);
      const found = results.filter((one): one is Found => one !== undefined);
      const moment = now();
      const boundaries = found
        .map(({ state }) => nextBoundary(state.sales, moment))
        .filter((at) => at !== undefined);
      const headAt = allAtHead(listing.positions, versions);
      const fresh = headAt !== undefined && moment - headAt <= options.freshnessMs;
      const body = {
        items: found.map(({ state }) =>
          view === "details" ? summaryDetailsView(state) : summaryView(state, moment),
        ),
        total: listing.total,
        page,
        page_size: pageSize,
        sort,
        facets: [],
      };
      const answer = {
        policy,
        body,
        source: slowest(found),
        position: fresh ? positionText(stream, lowestSequence(listing.positions)) : undefined,
        knownAt: fresh ? headAt : undefined,
        validUntil: view === "details" || boundaries.length === 0 ? undefined : Math.min(...boundaries),
        degraded: !fresh || current.degraded || found.some(({ source }) => source === "stale"),
      };
      return send(request, reply, answer, moment);
    },
  );
}
