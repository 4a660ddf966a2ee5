import type { FastifyInstance } from "fastify";
import { prepare, sendPrepared } from "../answer.ts";
import { cachePolicies } from "../cache-policy.ts";
import type { Served } from "../gateway/gateway.ts";
import { limits } from "../limits.ts";
import { identifierListParameter, identifierParameter, type Query, wordParameter } from "../parameters.ts";
import { minimumSequence, positionText } from "../position.ts";
import { Problem } from "../problems.ts";
import { slowest } from "../sources.ts";
import type { View } from "../views.ts";
import type { RouteContext } from "./context.ts";

/** `GET /api/products/{id}` and `GET /api/products?ids=`: products assembled, or their details alone. */
export function productRoutes(server: FastifyInstance, context: RouteContext): void {
  const { gateway, stream, now } = context;

  server.get<{ Params: { id: string }; Querystring: Query }>("/api/products/:id", async (request, reply) => {
    const id = identifierParameter("id", request.params.id);
    const view: View = wordParameter(request.query, "view", ["details"]) ?? "assembled";
    const policy = view === "details" ? cachePolicies.productDetails : cachePolicies.productAssembled;
    const [served] = await gateway.products([id], view, await minimumSequence(request, context));
    if (served === undefined) throw new Problem("unknown-product", `there is no product "${id}"`);
    const { source, sequence, knownAt, degraded } = served;
    const { validUntil } = served.answer;
    const position = positionText(stream, sequence);
    const circumstances = { policy, source, position, knownAt, validUntil, degraded };
    return sendPrepared(request, reply, preparedOf(served), circumstances, now());
  });

  const long = { config: { urlBytesMax: limits.batchUrlBytesMax } };
  server.get("/api/products", long, async (request, reply) => {
    const ids = identifierListParameter(request.raw.url ?? "", "ids", limits.batchMax);
    const results = await gateway.products(ids, "assembled", await minimumSequence(request, context));
    const found = results.filter((one) => one !== undefined);
    const missing = ids.filter((_, at) => results[at] === undefined);
    const degraded = found.some((one) => one.degraded);
    const sequences = found.map(({ sequence }) => sequence);
    return sendPrepared(
      request,
      reply,
      prepare(batchText(found, missing, degraded)),
      {
        policy: cachePolicies.batch,
        source: slowest(found),
        position: sequences.length === 0 ? undefined : positionText(stream, Math.min(...sequences)),
        degraded,
      },
      now(),
    );
  });
}

/** What is held is served as stale with a word about it. */
function preparedOf({ answer, degraded }: Served) {
  return degraded && !answer.degraded ? prepare(degradedText(answer.prepared.bytes)) : answer.prepared;
}

const degradedText = (bytes: Buffer): string =>
  `${bytes.toString("utf8", 0, bytes.length - 1)},"degraded":true}`;

/** Put together from answers that are JSON already. */
function batchText(found: readonly Served[], missing: readonly string[], degraded: boolean): string {
  const items = found.map(({ answer }) => answer.prepared.bytes.toString()).join();
  return `{"items":[${items}],"missing":${JSON.stringify(missing)}${degraded ? ',"degraded":true' : ""}}`;
}
