import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { Identifier } from "../../streams/identifier.ts";
import { dateOf, headersOf, matches } from "../answer.ts";
import { productPolicies } from "../cache-policy.ts";
import type { Readiness } from "../drain.ts";
import type { EdgeTrust } from "../edge-trust.ts";
import { type Observing, productEndpoint } from "../heat/observing.ts";
import type { ShortWay } from "../load-shedding.ts";
import { limits } from "../limits.ts";
import { positionText } from "../position.ts";
import type { View } from "../views.ts";
import type { Gateway } from "./gateway.ts";
import { createSentTexts, type SentTexts, sendText } from "./sent-texts.ts";
import type { Served } from "./served.ts";

/**
 * The short ways for a plain request for one product, with the same bytes and headers as by its route: what is held and
 * trusted is answered where it arrives, before anything else; what must be loaded, behind the admission and before
 * the routes. Everything that is unusual in any way goes on to the routes: another method, an identifier that needs
 * decoding, a body, a token, a position, too many headers, a node that is draining, a product that does not exist, a
 * failure.
 */
export interface ShortWayOptions extends Observing {
  readonly gateway: Gateway;
  readonly readiness: Readiness;
  readonly edge: Pick<EdgeTrust, "isShort">;
  readonly stream: string;
  readonly now: () => number;
}

interface Plain {
  readonly id: Identifier;
  readonly view: View;
  readonly validator: string | undefined;
}

const target = /^\/api\/products\/([A-Za-z0-9_-]{1,128})(\?view=details)?$/;

/** Goes before all that listens so far. */
export function serveHeldFirst(server: Server, options: ShortWayOptions): void {
  const { gateway, readiness } = options;
  const texts = createSentTexts();
  const others = server.listeners("request") as RequestListener[];
  server.removeAllListeners("request");
  server.on("request", (request, response) => {
    const plain = readiness.draining ? undefined : knownPlain(request);
    const served = plain && gateway.held(plain.id, plain.view);
    if (plain !== undefined && served !== undefined) answer(plain, served, request, response, options, texts);
    else for (const other of others) other.call(server, request, response);
  });
}

/** What Redis holds ready first, then as the gateway loads it. */
export function createProductsShort(options: ShortWayOptions): ShortWay {
  const { gateway, readiness } = options;
  return (request, response, { left, onToRoutes }) => {
    const plain = readiness.draining ? undefined : knownPlain(request);
    if (plain === undefined) return false;
    /** Nobody above would hear of an error: what calls back here has other readers to answer. */
    const guarded = (call: () => void): void => {
      try {
        call();
      } catch (error) {
        response.destroy(error as Error);
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

function plainOf({ method, url = "", rawHeaders }: IncomingMessage): Plain | undefined {
  if (method !== "GET") return undefined;
  const [, id, details] = target.exec(url) ?? [];
  if (id === undefined) return undefined;
  const validator = validatorAmong(rawHeaders);
  if (validator === unusual) return undefined;
  return { id: id as Identifier, view: details === undefined ? "assembled" : "details", validator };
}

/** Is counted behind the answer, so that the reader does not wait for it. */
function answer(
  plain: Plain,
  served: Served,
  request: IncomingMessage,
  response: ServerResponse,
  options: ShortWayOptions,
  texts?: SentTexts,
): void {
  send(plain, served, response, options, texts);
  options.heat.asked(options.addressOf(request), productEndpoint, plain.id);
}

/** `texts`: where an answer may have been sent a moment ago. */
function send(
  { id, view, validator }: Plain,
  served: Served,
  response: ServerResponse,
  { stream, edge, now }: ShortWayOptions,
  texts?: SentTexts,
): void {
  const { prepared, sequence, degraded } = served;
  const asked = { id, served, unpurged: edge.isShort, now: now() };
  const text = validator === undefined ? texts?.find(asked, response) : undefined;
  if (text !== undefined) {
    sendText(text, response);
    return;
  }
  const policy = productPolicies[view];
  const position = sequence === undefined ? undefined : positionText(stream, sequence);
  const headers = headersOf(
    prepared,
    { ...served, policy, position, unpurged: asked.unpurged },
    false,
    asked.now,
  );
  // Node's own may be of the second before, for as long as a turn of the loop takes.
  headers.push("date", dateOf(asked.now));
  if (!degraded && matches(validator, prepared.etag)) {
    response.writeHead(304, headers).end();
    return;
  }
  const { bytes } = prepared;
  headers.push("content-length", String(bytes.length));
  response.writeHead(200, headers);
  // A text of single bytes leaves in one piece with the head, in one buffer of Node's own: a sixth cheaper than bytes.
  if (bytes.length <= inOnePieceMax) {
    const body = bytes.toString("latin1");
    texts?.keep(asked, body, response);
    response.end(body, "latin1");
  } else response.end(bytes);
}

/** Node copies what is longer once more. */
const inOnePieceMax = 12 * 1024;

const unusual = Symbol("unusual");

/** Headers that change an answer or that must be refused, by the length of their names. */
const telling: ReadonlySet<string> = new Set([
  "authorization",
  "catalog-min-version",
  "content-encoding",
  "content-length",
  "expect",
  "transfer-encoding",
]);
const validatorName = "if-none-match";
const lengths: ReadonlySet<number> = new Set([...telling, validatorName].map(({ length }) => length));

/** The value of `If-None-Match`, if any; `unusual` where the routes must look at the headers themselves. */
function validatorAmong(rawHeaders: readonly string[]): string | undefined | typeof unusual {
  let bytes = 0;
  let validator: string | undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    const value = rawHeaders[at + 1] as string;
    bytes += name.length + value.length;
    if (!lengths.has(name.length)) continue;
    const lower = name.toLowerCase();
    if (telling.has(lower) || (lower === validatorName && validator !== undefined)) return unusual;
    if (lower === validatorName) validator = value;
  }
  return bytes > limits.headerBytesMax ? unusual : validator;
}
