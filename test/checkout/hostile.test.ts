import type { FastifyInstance } from "fastify";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createIdentity } from "../../api/identity/identity.ts";
import { secretKey } from "../../api/identity/keys.ts";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import { hmac, jws } from "../api/identity/issuer.ts";
import { createWorld } from "../verify/world.ts";
import { openConnection } from "../checkout-trial/connection.ts";
import { id } from "../streams/id.ts";
import { hostileBodies, hostileText } from "./hostile-bodies.ts";
import { bytesOf, problemOf } from "./hostile-replies.ts";
import { hostileRequests } from "./hostile-requests.ts";
import { ann, chair, lamp, noon, openFurnished, quoteFor, type Shop } from "./shop.ts";

/** Whatever a signed-in client sends: it is told what is wrong with it, nothing is taken for it, and nothing breaks. */

const secret = "a secret of more than thirty-two bytes";
const authorization = `Bearer ${jws({ alg: "HS256" }, { sub: "ann", exp: noon / 1_000 + 60 }, hmac(secret))}`;

let server: FastifyInstance;
let shop: Shop;
let good: string;
beforeAll(async () => {
  shop = await openFurnished();
  const checkout = shop.server();
  const identity = createIdentity({ keys: secretKey(secret), now: () => noon });
  server = createWorld(createMemoryReadModel(), noon).api({ identity, checkout });
  ({ quote: good } = await quoteFor(checkout, ann, [
    [lamp, 1],
    [chair, 1],
  ]));
});
afterAll(() => server.close());

const numRuns = 1_500;

async function send(path: string, payload: string, headers: Record<string, string> = {}) {
  const { statusCode, body } = await server.inject({
    method: "POST",
    url: `/api/checkout/${path}`,
    headers: { authorization, "content-type": "application/json", ...headers },
    payload,
  });
  return {
    status: statusCode,
    document: JSON.parse(body) as { readonly type?: string; readonly detail?: string },
  };
}

test("bodies of quotes", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(hostileBodies(lamp, good).quotes, async (body) => {
      const { status, document } = await send("quotes", JSON.stringify(body) ?? "");
      expect([200, 400, 404]).toContain(status);
      if (status !== 200) expect(document.detail).toBeTypeOf("string");
    }),
    { numRuns },
  );
});

test("bodies of reservations", { timeout: 120_000 }, async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(hostileBodies(lamp, good).reservations, fc.nat(), async (body, key) => {
      const { status } = await send("reservations", JSON.stringify(body) ?? "", {
        "idempotency-key": `k${key}`,
      });
      const isGood = (body as { readonly quote?: unknown } | null)?.quote === good;
      if (isGood) taken++;
      expect(isGood ? [201, 409, 422, 429] : [400, 422]).toContain(status);
    }),
    { numRuns },
  );
  expect(5 - shop.stock.available(lamp)).toBeLessThanOrEqual(taken);
});

test("bytes that are no JSON", async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string({ unit: "binary" }), fc.string()), async (payload) => {
      fc.pre(!/^\s*[[{"\dtfn-]/.test(payload));
      expect((await send("quotes", payload)).status).toBe(400);
      expect((await send("reservations", payload, { "idempotency-key": "k" })).status).toBe(400);
    }),
    { numRuns: 300 },
  );
});

test("keys and names", async () => {
  const name = fc.oneof(hostileText, fc.string(), fc.webPath());
  await fc.assert(
    fc.asyncProperty(fc.string(), name, async (key, reservation) => {
      const { status } = await send("reservations", JSON.stringify({ quote: good }), {
        "idempotency-key": key.replace(/[^\t\x20-\xff]/g, ""),
      });
      expect([201, 400, 409, 429]).toContain(status);
      const spelled = reservation.isWellFormed() ? encodeURIComponent(reservation) : "%ED%A0%80";
      for (const method of ["GET", "DELETE", "POST"] as const) {
        const url = `/api/checkout/reservations/${spelled}${method === "POST" ? "/confirm" : ""}`;
        const answer = await server.inject({ method, url, headers: { authorization } });
        expect([url, answer.statusCode]).toEqual([
          url,
          expect.toSatisfy((one) => [400, 404, 405, 414].includes(one as number)),
        ]);
      }
    }),
    { numRuns: 500 },
  );
});

test("bytes, as they come", async () => {
  const address = await server.listen({ port: 0, host: "127.0.0.1" });
  const none = id("none");
  await shop.product(none);
  await shop.price(none, 100);
  await shop.count(none, 0);
  const { quote } = await quoteFor(shop.open(), ann, [[none, 1]]);
  const unsigned = `${quote.split(".")[0]}.${"A".repeat(43)}`;
  const material = { product: lamp, quote, bad: [{ name: "not signed", quote: unsigned, status: 400 }] };
  const connection = openConnection({ hostname: "127.0.0.1", port: Number(new URL(address).port) });
  for (const request of fc.sample(hostileRequests(material), { seed: 1, numRuns: 600 })) {
    const bytes = bytesOf(request, `Authorization: ${authorization}\r\n`);
    const reply = await connection.send(bytes, !request.isWhole);
    const problem = reply === undefined ? "there is no answer" : problemOf(request, reply);
    expect([bytes.toString("latin1"), problem, reply?.body]).toEqual([
      bytes.toString("latin1"),
      undefined,
      reply?.body,
    ]);
  }
  connection.close();
});
