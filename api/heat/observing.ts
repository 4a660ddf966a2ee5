import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Identifier } from "../../streams/identifier.ts";
import { type Caller, userCaller } from "./caller.ts";
import { countedBy } from "./heat-counter.ts";
import type { ReadHeat } from "./heat.ts";
import type { AddressOf } from "./reader-address.ts";

/**
 * What the routes under `/api` answer, counted behind the answer: who asked, for which route, and for which product where
 * one was given. What the short ways answer does not come here; products of a batch are counted by their route.
 */
export interface Observing {
  readonly heat: ReadHeat;
  readonly addressOf: AddressOf;
}

export function observeRoutes(server: FastifyInstance, context: Observing): void {
  server.addHook("onResponse", (request, { statusCode }, done) => {
    const { url } = request.routeOptions;
    if (url?.startsWith("/api/") === true) {
      const wasGiven = statusCode === 200 || statusCode === 304;
      const product = wasGiven && url.startsWith(productRoute) ? productOf(request) : undefined;
      context.heat.asked(callerOf(request, context), countedBy(`${request.method} ${url}`), product);
    }
    done();
  });
}

/** A signed-in user, else an address. */
export const callerOf = (
  { user, raw }: FastifyRequest,
  { addressOf }: Pick<Observing, "addressOf">,
): Caller => (user === undefined ? addressOf(raw) : userCaller(user));

const productRoute = "/api/products/:id";
/** As the short ways count, which answer nothing else. */
export const productEndpoint = countedBy(`GET ${productRoute}`);

/** What was answered with a product named one. */
const productOf = ({ params }: FastifyRequest) => (params as { readonly id: Identifier }).id;
