import { expect, test } from "vitest";
import { createIdentity } from "../../api/identity/identity.ts";
import { secretKey } from "../../api/identity/keys.ts";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import { hmac, jws } from "../api/identity/issuer.ts";
import { createWorld } from "../verify/world.ts";
import { lamp, noon, openFurnished, type QuoteBody, unavailable } from "./shop.ts";

/** The checkout as a client meets it. */

const secret = "a secret of more than thirty-two bytes";
const identity = createIdentity({ keys: secretKey(secret), now: () => noon });
const tokenOf = (sub: string) =>
  `Bearer ${jws({ alg: "HS256" }, { sub, exp: noon / 1_000 + 60 }, hmac(secret))}`;

interface Ask {
  readonly user?: string;
  readonly key?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

async function openDoor(through = {}) {
  const shop = await openFurnished();
  const server = createWorld(createMemoryReadModel(), noon).api({ identity, checkout: shop.server(through) });
  const ask = async (
    method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS",
    path: string,
    { user = "ann", key, body, headers = {} }: Ask = {},
  ) => {
    const answer = await server.inject({
      method,
      url: `/api/checkout/${path}`,
      headers: {
        ...(user !== "" && { authorization: tokenOf(user) }),
        ...(key !== undefined && { "idempotency-key": key }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { payload: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    return { ...answer, status: answer.statusCode, told: answer.headers, document: answer.body };
  };
  const quoted = async (quantity: number, user = "ann") => {
    const answer = await ask("POST", "quotes", { user, body: { items: [{ product_id: "lamp", quantity }] } });
    return (JSON.parse(answer.document) as QuoteBody).quote;
  };
  return { shop, ask, quoted };
}

test("a quote, a reservation, an order: nothing of it may be kept by anybody", async () => {
  const { shop, ask, quoted } = await openDoor();
  const quote = await quoted(2);
  const made = await ask("POST", "reservations", { key: "k", body: { quote, cart: { id: 7, of: "ann" } } });
  const { reservation_id: name } = JSON.parse(made.document) as { readonly reservation_id: string };
  expect([made.status, made.told["location"], made.told["idempotent-replayed"]]).toEqual([
    201,
    `/api/checkout/reservations/${name}`,
    undefined,
  ]);
  const again = await ask("POST", "reservations", { key: "k", body: { cart: { of: "ann", id: 7 }, quote } });
  expect([again.status, again.told["idempotent-replayed"]]).toEqual([201, "true"]);
  expect([again.document, again.told["location"]]).toEqual([made.document, made.told["location"]]);
  const seen = await ask("GET", `reservations/${name}`);
  expect(seen.document).toBe(made.document);
  const confirmed = await ask("POST", `reservations/${name}/confirm`);
  expect([confirmed.status, JSON.parse(confirmed.document)]).toEqual([
    200,
    { reservation_id: name, status: "confirmed", order_id: name },
  ]);
  const late = await ask("DELETE", `reservations/${name}`);
  for (const { told, status } of [made, again, seen, confirmed, late]) {
    expect([status, told["cache-control"]]).toEqual([status, "no-store"]);
    expect(told["content-type"]).toBe(
      status < 400 ? "application/json; charset=utf-8" : "application/problem+json",
    );
    expect(told["etag"]).toBeUndefined();
  }
  expect([late.status, JSON.parse(late.document).type]).toEqual([
    409,
    "urn:shelfwire:problem:reservation-confirmed",
  ]);
  expect(shop.stock.sold(lamp)).toBe(2);
});

test("another body under a known key is refused, whatever is different in it", async () => {
  const { ask, quoted } = await openDoor();
  const quote = await quoted(1);
  expect((await ask("POST", "reservations", { key: "k", body: { quote } })).status).toBe(201);
  for (const body of [
    { quote, more: true },
    { quote: await quoted(2) },
    { quote: "forged" },
    { quote: await quoted(1, "bob") },
  ]) {
    const { status, document } = await ask("POST", "reservations", { key: "k", body });
    expect([status, JSON.parse(document).type]).toEqual([
      422,
      "urn:shelfwire:problem:idempotency-key-reused",
    ]);
  }
});

test("a refusal is a problem document, and is the same again", async () => {
  const { ask, quoted } = await openDoor();
  const quote = await quoted(6);
  const refused = await ask("POST", "reservations", { key: "k", body: { quote } });
  expect([refused.status, refused.told["content-type"]]).toEqual([409, "application/problem+json"]);
  expect(JSON.parse(refused.document)).toEqual({
    type: "urn:shelfwire:problem:out-of-stock",
    title: "There is less in stock than you want",
    status: 409,
    detail: "nothing was taken; ask for no more than there is",
    lines: [{ product_id: "lamp", available: 5 }],
  });
  const again = await ask("POST", "reservations", { key: "k", body: { quote } });
  expect([again.status, again.told["idempotent-replayed"], again.document]).toEqual([
    409,
    "true",
    refused.document,
  ]);
  expect(again.told["location"]).toBeUndefined();
});

test("to cancel needs no body, and neither does to confirm, whatever type it is said to have", async () => {
  const { ask, quoted } = await openDoor();
  for (const [key, method, path] of [
    ["k", "DELETE", ""],
    ["l", "POST", "/confirm"],
  ] as const) {
    const made = await ask("POST", "reservations", { key, body: { quote: await quoted(1) } });
    const { reservation_id: name } = JSON.parse(made.document) as { readonly reservation_id: string };
    const typed = { headers: { "content-type": "application/json", "content-length": "0" } };
    for (const options of [{}, typed])
      expect((await ask(method, `reservations/${name}${path}`, options)).status).toBe(200);
  }
});

test("without a caller everything is 401, and only callers learn which methods there are", async () => {
  const { ask } = await openDoor();
  for (const path of ["quotes", "reservations", "reservations/r1", "reservations/r1/confirm", "other"]) {
    for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const) {
      const { status, told } = await ask(method, path, { user: "" });
      expect([method, path, status, told["www-authenticate"]]).toEqual([method, path, 401, "Bearer"]);
    }
  }
  const wrong = await ask("PUT", "reservations/r1");
  expect([wrong.status, wrong.told["allow"]]).toEqual([405, "DELETE, GET, HEAD"]);
  expect((await ask("GET", "other")).status).toBe(404);
});

test("another user's reservation is not there", async () => {
  const { ask, quoted } = await openDoor();
  const made = await ask("POST", "reservations", { key: "k", body: { quote: await quoted(1) } });
  const path = String(made.told["location"]).replace("/api/checkout/", "");
  for (const [method, end] of [
    ["GET", ""],
    ["DELETE", ""],
    ["POST", "/confirm"],
  ] as const) {
    const { status, document } = await ask(method, `${path}${end}`, { user: "bob" });
    expect([status, JSON.parse(document).type]).toEqual([404, "urn:shelfwire:problem:unknown-reservation"]);
  }
  const stolen = await ask("POST", "reservations", {
    user: "bob",
    key: "k",
    body: { quote: await quoted(1) },
  });
  expect([stolen.status, JSON.parse(stolen.document).type]).toEqual([
    400,
    "urn:shelfwire:problem:quote-invalid",
  ]);
});

test.each<[string, Ask]>([
  ["is missing", {}],
  ["is empty", { key: "" }],
  ["has a space", { key: "a b" }],
  ["is not ASCII", { key: "clé" }],
  ["is too long", { key: "k".repeat(256) }],
])("an Idempotency-Key that %s is 400", async (_, options) => {
  const { ask, quoted } = await openDoor();
  const { status, document } = await ask("POST", "reservations", {
    ...options,
    body: { quote: await quoted(1) },
  });
  expect([status, JSON.parse(document).errors[0].field]).toEqual([400, "Idempotency-Key"]);
});

test("what may be asked again says when", async () => {
  const { ask, quoted } = await openDoor();
  const made = await Promise.all(
    Array.from({ length: 6 }, async (_, at) =>
      ask("POST", "reservations", { key: `k${at}`, body: { quote: await quoted(1) } }),
    ),
  );
  for (let at = 0; at < 6; at++)
    await ask("POST", "reservations", { key: `k${at}`, body: { quote: await quoted(1) } });
  expect(made.length).toBe(6);
  const more = await ask("POST", "reservations", { key: "more", body: { quote: await quoted(1) } });
  expect([more.status, more.told["retry-after"]]).toEqual([429, "600"]);

  const { ask: askAway } = await openDoor({ checkout: unavailable, catalog: unavailable });
  const body = { items: [{ product_id: "lamp", quantity: 1 }] };
  for (const answer of [
    await askAway("POST", "quotes", { body }),
    await askAway("GET", `reservations/r${"a".repeat(26)}`),
    await askAway("POST", "reservations", { key: "k", body: { quote: await quoted(1) } }),
  ])
    expect([answer.status, answer.told["retry-after"]]).toEqual([503, "1"]);
});
