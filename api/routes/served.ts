import type { FastifyReply, FastifyRequest } from "fastify";
import { sendPrepared } from "../answer.ts";
import type { CachePolicy } from "../cache-policy.ts";
import type { Served } from "../gateway/served.ts";
import { positionText } from "../position.ts";
import type { RouteContext } from "./context.ts";

/** What the gateway serves, with its headers. */
export function sendServed(
  request: FastifyRequest,
  reply: FastifyReply,
  served: Served,
  policy: CachePolicy,
  { stream, edge, now }: Pick<RouteContext, "stream" | "edge" | "now">,
): FastifyReply {
  const { prepared, source, sequence, knownAt, validUntil, lastCallUntil, degraded } = served;
  const position = sequence === undefined ? undefined : positionText(stream, sequence);
  return sendPrepared(
    request,
    reply,
    prepared,
    { policy, source, position, knownAt, validUntil, lastCallUntil, degraded, unpurged: edge.isShort },
    now(),
  );
}
