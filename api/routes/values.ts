import type { FastifyInstance } from "fastify";
import { lastCallUntil } from "../../projections/inventory.ts";
import { send } from "../answer.ts";
import { cachePolicies } from "../cache-policy.ts";
import { identifierParameter, type Query, wordParameter } from "../parameters.ts";
import { minimumSequence, positionText } from "../position.ts";
import { Problem } from "../problems.ts";
import type { Found } from "../reader.ts";
import { inventoryView, priceView } from "../views.ts";
import type { RouteContext } from "./context.ts";

/** `GET /api/products/{id}/price` and `/inventory`: one value each, from the log's leader on demand. */
export function valueRoutes(server: FastifyInstance, context: RouteContext): void {
  const { reader, stream, now } = context;
  type Route = { Params: { id: string }; Querystring: Query };
  const unknown = (id: string) => new Problem("unknown-product", `there is no product "${id}"`);

  server.get<Route>("/api/products/:id/price", async (request, reply) => {
    const id = identifierParameter("id", request.params.id);
    const policy = cachePolicies.price;
    const minSequence = await minimumSequence(request, context);
    if (wordParameter(request.query, "consistency", ["strong"]) === "strong") {
      const [exists, { price, sales }] = await Promise.all([reader.strongExists(id), reader.strongPrice(id)]);
      if (!exists) throw unknown(id);
      const body = { price: priceView(price, sales, now()) };
      const position = body.price === null ? undefined : positionText(stream, body.price.version);
      return send(request, reply, { policy, body, source: "log", position }, now());
    }
    const [found] = await reader.read([id], { freshnessMs: policy.freshnessMs, minSequence });
    if (found === undefined) throw unknown(id);
    const { state, source, sequence, knownAt } = found;
    const moment = now();
    const body = { price: priceView(state.price, state.sales, moment) };
    const position = positionText(stream, sequence);
    return send(
      request,
      reply,
      { policy, body, source, position, knownAt, degraded: source === "stale" },
      moment,
    );
  });

  server.get<Route>("/api/products/:id/inventory", async (request, reply) => {
    const id = identifierParameter("id", request.params.id);
    const policy = cachePolicies.inventory;
    const minSequence = await minimumSequence(request, context);
    if (wordParameter(request.query, "consistency", ["strong"]) === "strong") {
      const [exists, inventory] = await Promise.all([reader.strongExists(id), reader.strongInventory(id)]);
      if (!exists) throw unknown(id);
      const body = { inventory: inventoryView(inventory) };
      const position = inventory === undefined ? undefined : positionText(stream, inventory.sequence);
      return send(request, reply, { policy, body, source: "log", position }, now());
    }
    const read = async (freshnessMs: number) => (await reader.read([id], { freshnessMs, minSequence }))[0];
    const first = await read(policy.freshnessMs);
    const found = isOldForLastCall(first, now()) ? await read(policy.lastCall.freshnessMs) : first;
    if (found === undefined) throw unknown(id);
    const { state, source, sequence, knownAt } = found;
    const body = { inventory: inventoryView(state.inventory) };
    const position = positionText(stream, sequence);
    return send(
      request,
      reply,
      { policy, body, source, position, knownAt, degraded: source === "stale" },
      now(),
    );
  });
}

/** Whether the last units are being sold, and more of them may be gone since this was known to be true. */
function isOldForLastCall(found: Found | undefined, now: number): boolean {
  const inventory = found?.state.inventory;
  if (found === undefined || inventory === undefined) return false;
  const { freshnessMs } = cachePolicies.inventory.lastCall;
  return now < (lastCallUntil(inventory) ?? 0) && now - found.knownAt > freshnessMs;
}
