import type { FastifyInstance } from "fastify";
import type { Identifier } from "../../streams/identifier.ts";
import { nextBoundary } from "../../projections/sales.ts";
import { send } from "../answer.ts";
import { allAtHead } from "../catalog-health.ts";
import { cachePolicies } from "../cache-policy.ts";
import { limits } from "../limits.ts";
import { identifierListParameter, identifierParameter, type Query, wordParameter } from "../parameters.ts";
import { minimumSequence, positionText } from "../position.ts";
import { Problem } from "../problems.ts";
import type { Found, ReadOptions } from "../reader.ts";
import { type ProductState, productView, type View } from "../views.ts";
import type { RouteContext } from "./context.ts";

/** `GET /api/products/{id}` and `GET /api/products?ids=`: products assembled, or their details alone. */

/** Variants shown with a product; more belong into a listing. */
const variantsMax = 500;

export function productRoutes(server: FastifyInstance, context: RouteContext): void {
  const { reader, readModel, versions, stream, now } = context;

  /**
   * The members of a group. A position that a reader names is about the product it asks for: members that no tier
   * can give at that position are given as they are, or left out, rather than the product with them.
   */
  async function membersOf(ids: readonly Identifier[], options: ReadOptions) {
    const present = (found: readonly (Found | undefined)[]) =>
      found.flatMap((one) => (one === undefined ? [] : [one.state]));
    try {
      return { members: present(await reader.read(ids, options)), reached: true };
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const standing = ids.map((id) =>
        reader.read([id], { freshnessMs: options.freshnessMs }).catch(() => []),
      );
      return { members: present((await Promise.all(standing)).flat()), reached: false };
    }
  }

  /** The members of each group, the asking product among them, and whether a group may be incomplete just now. */
  async function variantsOf(
    groups: readonly (Identifier | null)[],
    options: ReadOptions,
  ): Promise<{
    readonly byGroup: ReadonlyMap<Identifier, readonly ProductState[]>;
    readonly degraded: boolean;
  }> {
    const wanted = [...new Set(groups)].filter((group) => group !== null);
    const byGroup = new Map<Identifier, readonly ProductState[]>();
    if (wanted.length === 0) return { byGroup, degraded: false };
    let degraded = false;
    await Promise.all(
      wanted.map(async (group) => {
        const gathered = await readModel.readGroup(group).catch(() => undefined);
        const { members, reached } = await membersOf((gathered?.ids ?? []).slice(0, variantsMax), options);
        byGroup.set(group, members);
        const headAt = gathered && allAtHead(gathered.positions, versions);
        degraded ||= !reached || headAt === undefined || now() - headAt > options.freshnessMs;
      }),
    );
    return { byGroup, degraded };
  }

  const boundaryOf = (states: readonly ProductState[], moment: number): number | undefined => {
    const moments = states.map(({ sales }) => nextBoundary(sales, moment)).filter((at) => at !== undefined);
    return moments.length === 0 ? undefined : Math.min(...moments);
  };

  server.get<{ Params: { id: string }; Querystring: Query }>("/api/products/:id", async (request, reply) => {
    const id = identifierParameter("id", request.params.id);
    const view: View = wordParameter(request.query, "view", ["details"]) ?? "assembled";
    const policy = view === "details" ? cachePolicies.productDetails : cachePolicies.productAssembled;
    const options = { freshnessMs: policy.freshnessMs, minSequence: await minimumSequence(request, context) };
    const [found] = await reader.read([id], options);
    if (found === undefined) throw new Problem("unknown-product", `there is no product "${id}"`);
    const { byGroup, degraded } = await variantsOf([found.state.details.group_id], options);
    const group = found.state.details.group_id;
    const variants = (group !== null && byGroup.get(group)) || [];
    const moment = now();
    const answer = {
      policy,
      body: productView(found.state, variants, view, moment),
      source: found.source,
      position: positionText(stream, found.sequence),
      knownAt: found.knownAt,
      validUntil: view === "details" ? undefined : boundaryOf([found.state, ...variants], moment),
      degraded: degraded || found.source === "stale",
    };
    return send(request, reply, answer, moment);
  });

  const long = { config: { urlBytesMax: limits.batchUrlBytesMax } };
  server.get("/api/products", long, async (request, reply) => {
    const ids = identifierListParameter(request.raw.url ?? "", "ids", limits.batchMax);
    const policy = cachePolicies.batch;
    const options = { freshnessMs: policy.freshnessMs, minSequence: await minimumSequence(request, context) };
    const results = await reader.read(ids, options);
    const found = results.filter((one): one is Found => one !== undefined);
    const { byGroup, degraded } = await variantsOf(
      found.map(({ state }) => state.details.group_id),
      options,
    );
    const moment = now();
    const items = found.map(({ state }) => {
      const group = state.details.group_id;
      return productView(state, (group !== null && byGroup.get(group)) || [], "assembled", moment);
    });
    const missing = ids.filter((_, at) => results[at] === undefined);
    const sequences = found.map(({ sequence }) => sequence);
    return send(
      request,
      reply,
      {
        policy,
        body: { items, missing },
        source: sourceOf(found),
        position: sequences.length === 0 ? undefined : positionText(stream, Math.min(...sequences)),
        degraded: degraded || found.some(({ source }) => source === "stale"),
      },
      moment,
    );
  });
}

/** The slowest tier that took part answers for all. */
export function sourceOf(found: readonly Found[]): Found["source"] {
  if (found.some(({ source }) => source === "stale")) return "stale";
  return found.some(({ source }) => source === "log") ? "log" : "redis";
}
