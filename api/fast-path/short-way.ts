import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { Readiness } from "../drain.ts";
import type { EdgeTrust } from "../edge-trust.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { Served } from "../gateway/served.ts";
import { type Observing, productEndpoint } from "../heat/observing.ts";
import type { ShortWay } from "../load-shedding.ts";
import type { Journal } from "../../streams/journal.ts";
import { wasLeft } from "./off-the-wire.ts";
import { type Plain, productAt, unusual, validatorAmong } from "./plain.ts";
import { inOnePieceMax, productHead } from "./product-head.ts";

/**
 * The short ways for a plain request for one product that Node has parsed, with the same bytes and headers as by its
 * route: what is held and trusted is answered where it arrives, before anything else; what must be loaded, behind the
 * admission and before the routes. Everything else goes on to the routes: what is not plain, a node that is draining, a
 * product that does not exist, a failure.
 */
export interface ShortWayOptions extends Observing {
  readonly gateway: Gateway;
  readonly readiness: Readiness;
  readonly edge: Pick<EdgeTrust, "isShort">;
  readonly stream: string;
  readonly now: () => number;
  readonly journal: Pick<Journal, "error">;
}

/** Goes before all that listens so far. */
export function serveHeldFirst(server: Server, options: ShortWayOptions): void {
  const { gateway, readiness } = options;
  const others = server.listeners("request") as RequestListener[];
  server.removeAllListeners("request");
  server.on("request", (request, response) => {
    const plain = readiness.draining ? undefined : knownPlain(request);
    const served = plain && gateway.held(plain.id, plain.view);
    if (plain !== undefined && served !== undefined) answer(plain, served, request, response, options);
    else for (const other of others) other.call(server, request, response);
  });
}

/** What Redis holds ready first, then as the gateway loads it. */
export function createProductsShort(options: ShortWayOptions): ShortWay {
  const { gateway, readiness, journal } = options;
  return (request, response, { left, onToRoutes }) => {
    const plain = readiness.draining ? undefined : knownPlain(request);
    if (plain === undefined) return false;
    /** Nobody above would hear of an error: what calls back here has other readers to answer. */
    const guarded = (call: () => void): void => {
      try {
        call();
      } catch (error) {
        journal.error({ err: error, url: request.url }, "an answer could not be sent");
        response.destroy();
        left();
      }
    };
    const give = (served: Served | undefined): void =>
      guarded(() => {
        if (served === undefined || readiness.draining) {
          onToRoutes();
          return;
        }
        answer(plain, served, request, response, options);
        left();
      });
    gateway.product(plain.id, plain.view, give, () => guarded(onToRoutes));
    return true;
  };
}

const known = Symbol("plain");
type KnownRequest = IncomingMessage & { [known]?: Plain | null };

/** Found out once for both ways. */
function knownPlain(request: KnownRequest): Plain | undefined {
  if (request[known] === undefined) request[known] = plainOf(request) ?? null;
  return request[known] ?? undefined;
}

/** What was left off the wire has gone the short way, in vain. */
function plainOf(request: IncomingMessage): Plain | undefined {
  const { method, url = "", rawHeaders } = request;
  const product = method === "GET" && !wasLeft(request) ? productAt(url) : undefined;
  if (product === undefined) return undefined;
  const validator = validatorAmong(rawHeaders);
  return validator === unusual ? undefined : { ...product, validator };
}

/** Is counted behind the answer, so that the reader does not wait for it. */
function answer(
  plain: Plain,
  served: Served,
  request: IncomingMessage,
  response: ServerResponse,
  { stream, edge, now, heat, addressOf }: ShortWayOptions,
): void {
  const { status, headers } = productHead(plain, served, stream, edge.isShort, now());
  response.writeHead(status, headers);
  const { bytes } = served.prepared;
  if (status === 304) response.end();
  else if (bytes.length <= inOnePieceMax) response.end(bytes.toString("latin1"), "latin1");
  else response.end(bytes);
  heat.asked(addressOf(request), productEndpoint, plain.id);
}
