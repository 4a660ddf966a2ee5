import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Checkout } from "../checkout/checkout.ts";
import { idempotencyKeyOf, sentOf, wantedOf } from "../checkout/request-bodies.ts";
import { requireUser, userOf } from "../identity/caller.ts";

/** Quotes and reservations: for signed-in users, and never in any cache. */

const reservations = "/api/checkout/reservations";
type Named = { Params: { id: string } };

export function checkoutRoutes(server: FastifyInstance, checkout: Checkout): void {
  const forUsers = { onRequest: requireUser };

  server.post("/api/checkout/quotes", forUsers, async (request, reply) =>
    sendOwn(reply, 200, await checkout.quote(userOf(request), wantedOf(request.body))),
  );

  server.post(reservations, forUsers, async (request, reply) => {
    const key = idempotencyKeyOf(request.headers["idempotency-key"]);
    const { status, body, reservation, isReplayed } = await checkout.reserve(
      userOf(request),
      key,
      sentOf(request.body),
    );
    if (isReplayed) reply.header("idempotent-replayed", "true");
    if (status === 201) reply.header("location", `${reservations}/${reservation}`);
    return sendOwn(reply, status, body);
  });

  const own =
    (work: (user: ReturnType<typeof userOf>, reservation: string) => Promise<object>) =>
    async (request: FastifyRequest<Named>, reply: FastifyReply) =>
      sendOwn(reply, 200, await work(userOf(request), request.params.id));

  server.post<Named>(`${reservations}/:id/confirm`, forUsers, own(checkout.confirm));
  server.delete<Named>(`${reservations}/:id`, forUsers, own(checkout.cancel));
  server.get<Named>(`${reservations}/:id`, forUsers, own(checkout.get));
}

function sendOwn(reply: FastifyReply, status: number, body: object): FastifyReply {
  const type = status < 400 ? "application/json; charset=utf-8" : "application/problem+json";
  reply.code(status).header("cache-control", "no-store").header("content-type", type);
  // As bytes, since fastify adds a charset to text, which a problem's media type does not have.
  return reply.send(Buffer.from(JSON.stringify(body)));
}
