import type { FastifyInstance } from "fastify";
import { type Prepared, prepareParts, sendPrepared } from "../answer.ts";
import { cachePolicies, productPolicies } from "../cache-policy.ts";
import type { Served } from "../gateway/served.ts";
import { callerOf } from "../heat/observing.ts";
import { limits } from "../limits.ts";
import { identifierListParameter, identifierParameter, type Query, wordParameter } from "../parameters.ts";
import { minimumSequence, positionText } from "../position.ts";
import { Problem } from "../problems.ts";
import { slowest } from "../sources.ts";
import type { View } from "../views.ts";
import type { RouteContext } from "./context.ts";
import { sendServed } from "./served.ts";

/** `GET /api/products/{id}` and `GET /api/products?ids=`: products assembled, or their details alone. */
export function productRoutes(server: FastifyInstance, context: RouteContext): void {
  const { gateway, stream, now, heat } = context;

  server.get<{ Params: { id: string }; Querystring: Query }>("/api/products/:id", async (request, reply) => {
    const id = identifierParameter("id", request.params.id);
    const view: View = wordParameter(request.query, "view", ["details"]) ?? "assembled";
    const [served] = await gateway.products([id], view, await minimumSequence(request, context));
    if (served === undefined) throw new Problem("unknown-product", `there is no product "${id}"`);
    return sendServed(request, reply, served, productPolicies[view], context);
  });

  const long = { config: { urlBytesMax: limits.batchUrlBytesMax } };
  server.get("/api/products", long, async (request, reply) => {
    const ids = identifierListParameter(request.raw.url ?? "", "ids", limits.batchMax);
    const results = await gateway.products(ids, "assembled", await minimumSequence(request, context));
    const found = results.filter((one) => one !== undefined);
    const caller = callerOf(request, context);
    for (const id of new Set(ids.filter((_, at) => results[at] !== undefined))) heat.given(caller, id);
    const missing = ids.filter((_, at) => results[at] === undefined);
    const degraded = found.some((one) => one.degraded);
    const knownAts = found.flatMap(({ knownAt }) => knownAt ?? []);
    const sequences = found.map(({ sequence = 0 }) => sequence);
    const lowest = Math.min(...sequences);
    return sendPrepared(
      request,
      reply,
      batchOf(found, missing, degraded),
      {
        policy: cachePolicies.batch,
        source: slowest(found),
        position: sequences.length === 0 || lowest === 0 ? undefined : positionText(stream, lowest),
        knownAt: knownAts.length === 0 ? undefined : Math.min(...knownAts),
        degraded,
      },
      now(),
    );
  });
}

/** Put together from answers that are bytes already. */
function batchOf(found: readonly Served[], missing: readonly string[], degraded: boolean): Prepared {
  const size = found.reduce((sum, { prepared }) => sum + prepared.bytes.length, 0);
  if (size > limits.batchBytesMax) {
    const detail = `these products take ${size} bytes, and at most ${limits.batchBytesMax} are given in one answer`;
    throw new Problem("invalid-parameter", detail, [{ field: "ids", message: "ask for fewer at once" }]);
  }
  const end = `],"missing":${JSON.stringify(missing)}${degraded ? ',"degraded":true' : ""}}`;
  return prepareParts(
    '{"items":[',
    found.map(({ prepared }) => prepared),
    end,
  );
}
