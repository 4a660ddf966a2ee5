import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createIdentity } from "../../../api/identity/identity.ts";
import { keySet } from "../../../api/identity/key-set.ts";
import { secretKey } from "../../../api/identity/keys.ts";
import { createMemoryReadModel } from "../../../projections/memory/read-model.ts";
import { untilReached } from "../../../ops/verify/verify.ts";
import { createWorld, type Running, silent, type World } from "../../verify/world.ts";
import { hmac, jws, type KeySetServer, publishKeys, signingKey } from "../identity/issuer.ts";
import { attacks } from "./attacks.ts";
import { limits } from "../../../api/limits.ts";
import { onslaught, secretTitle } from "./onslaught.ts";
import { type RawAnswer, rawRequest } from "./raw-request.ts";
import { request } from "./requests.ts";
import type { Target } from "./tokens.ts";

/**
 * Hostile clients against the real server on real sockets: whatever they send is refused in words, nothing
 * breaks, nobody waits, and nobody sees what is not theirs.
 */

const seed = Number(process.env["HOSTILE_SEED"] ?? 1);
const samples = Number(process.env["HOSTILE_SAMPLES"] ?? 10_000);

const now = () => Date.now();
const secret = "a secret of more than thirty-two bytes";
const expected = { iss: "https://id.example", aud: "shop" };
const keys = [signingKey("rsa", "RS256"), signingKey("ec", "ES256"), signingKey("ed", "EdDSA")] as const;

/** Two servers, one for each way of knowing issuers. */
const servers: {
  readonly name: string;
  readonly server: FastifyInstance;
  readonly port: number;
  readonly target: Target;
}[] = [];
let issuer: KeySetServer;
let world: World;
let projecting: Running;

beforeAll(async () => {
  issuer = await publishKeys(keys);
  world = createWorld(createMemoryReadModel(), now());
  await world.publish([
    { subject: "catalog.category.modified.shelf", payload: '{"name":"Shelf"}' },
    {
      subject: "catalog.product.modified.known",
      payload: JSON.stringify({ title: secretTitle, category_ids: ["shelf"] }),
    },
    {
      subject: "catalog.product.modified.large",
      payload: JSON.stringify({ title: "Large", description: "x".repeat(200_000) }),
    },
  ]);
  projecting = world.project();
  await untilReached(world, (await world.catalog.bounds()).last);
  const settings = { issuer: expected.iss, audience: expected.aud, now };
  for (const [name, used, target] of [
    [
      "a shared secret",
      secretKey(secret),
      {
        claims: expected,
        publicKeys: keys,
        sign: (claims: object, header = {}) => jws({ alg: "HS256", ...header }, claims, hmac(secret)),
      },
    ],
    [
      "a key set",
      keySet({ url: issuer.url, now, journal: silent }),
      {
        claims: expected,
        publicKeys: keys,
        sign: (claims: object, header = {}) => keys[1].token(claims, header),
      },
    ],
  ] as const) {
    const server = world.api({ identity: createIdentity({ ...settings, keys: used }) });
    await server.listen({ host: "127.0.0.1", port: 0 });
    const { port } = server.server.address() as AddressInfo;
    servers.push({ name, server, port, target });
  }
});

afterAll(async () => {
  for (const { server } of servers) await server.close();
  await projecting.stop();
  await issuer.close();
});

const connections = (server: FastifyInstance) =>
  new Promise<number>((resolve) => server.server.getConnections((_, count) => resolve(count)));

/** Slow clients wait for the server's patience to end; the others need not wait for them. */
describe.concurrent("hostile clients", () => {
  test(`${samples} hostile requests get a 4xx each`, async () => {
    for (const { port, target } of servers) {
      const rows = attacks(target);
      expect(samples / servers.length / Object.keys(rows).length).toBeGreaterThan(20);
      const wrong = await onslaught(port, rows, { seed, samples: samples / servers.length, atOnce: 32 });
      expect(wrong).toEqual([]);
      const good = await rawRequest(port, request("GET /api/products/known").bytes);
      expect([good.status, good.body.includes(secretTitle)]).toEqual([200, true]);
    }
  }, 120_000);

  test("who sends slowly is told so and cut, however steadily it drips", async () => {
    const [{ port, target }] = servers as [(typeof servers)[number]];
    const token = target.sign({ ...target.claims, sub: "ann", exp: now() / 1_000 + 600 });
    const head = `POST /api/me/views HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n`;
    const json = "Content-Type: application/json\r\n";
    const slow = [
      { start: "", drip: "", withinMs: limits.headersMs },
      { start: "GET /", drip: "a", withinMs: limits.headersMs },
      { start: `${head}X: `, drip: "a", withinMs: limits.headersMs },
      { start: `${head}${json}Content-Length: 1000\r\n\r\n"`, drip: "a", withinMs: limits.requestMs },
      { start: `${head}${json}Content-Length: 1000\r\n\r\n"`, drip: "", withinMs: limits.requestMs },
      {
        start: `${head}${json}Transfer-Encoding: chunked\r\n\r\n`,
        drip: "1\r\na\r\n",
        withinMs: limits.requestMs,
      },
    ];
    await Promise.all(
      slow.map(async ({ start, drip, withinMs }) => {
        const { status, headers, ms } = await rawRequest(port, Buffer.from(start), {
          drip,
          patienceMs: 25_000,
        });
        expect([start, status, headers["cache-control"]]).toEqual([start, 408, "no-store"]);
        expect(ms).toBeGreaterThan(withinMs - 100);
      }),
    );
  });

  test("who does not read is cut", async () => {
    const server = world.api();
    // The time that it takes otherwise, once or twice 15 s, is Node's to keep.
    server.server.timeout = 1_000;
    await server.listen({ host: "127.0.0.1", port: 0 });
    const { port } = server.server.address() as AddressInfo;
    const socket = connect({ host: "127.0.0.1", port }).pause();
    const ended = new Promise((resolve) =>
      server.server.once("connection", (peer) => peer.once("close", resolve)),
    );
    socket.on("error", () => {});
    // Twenty megabytes of answers are more than the sockets' own buffers take.
    socket.write("GET /api/products/large HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100));
    await ended;
    socket.destroy();
    await server.close();
  });
});

test("afterwards no connection is left", async () => {
  for (const { server } of servers) await expect.poll(() => connections(server), { timeout: 10_000 }).toBe(0);
});

test("what proxies add, and query parameters that nobody knows, change nothing", async () => {
  const [{ port }] = servers as [(typeof servers)[number]];
  const plain = await rawRequest(port, request("GET /api/products/known").bytes);
  const same = ({ headers, status, body }: RawAnswer) => ({
    status,
    body,
    headers: { ...headers, date: "" },
  });
  const forged = [
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-For: 127.0.0.1",
    "X-Forwarded-Proto: gopher",
    "X-Forwarded-Prefix: /evil",
    "Forwarded: for=127.0.0.1;host=evil.example;proto=https",
    "X-Original-URL: /api/me/cart",
    "X-Rewrite-URL: /ops",
    "X-HTTP-Method-Override: DELETE",
    "X-Real-IP: 127.0.0.1",
    "X-User: admin",
    "Host: evil.example",
    "Cookie: session=admin",
    "Accept-Version: 2.0.0",
    "Range: bytes=0-1",
    "Upgrade: h2c",
    "Origin: https://evil.example",
    "Accept: text/html",
    "Max-Forwards: 0",
    "X-Request-Id: a",
    "Via: 1.1 evil",
  ];
  for (const header of forged) {
    const answer = await rawRequest(port, request("GET /api/products/known", [header]).bytes);
    expect([header, same(answer)]).toEqual([header, same(plain)]);
  }
  for (const query of [
    "utm_source=x",
    "VIEW=details",
    "view[]=details",
    "__proto__=1",
    "a&&=&",
    "%ff",
    "_method=DELETE",
  ]) {
    const answer = await rawRequest(port, request(`GET /api/products/known?${query}`).bytes);
    expect([query, same(answer)]).toEqual([query, same(plain)]);
  }
});

test("the longest list of products has room, with the largest headers beside it", async () => {
  const [{ port }] = servers as [(typeof servers)[number]];
  const longest = (at: number) => `${"%C3%A9".repeat(62)}${String(at).padStart(4, "0")}`;
  const ids = Array.from({ length: limits.batchMax }, (_, at) => longest(at)).join(",");
  const padding = `X-Padding: ${"x".repeat(limits.headerBytesMax - 100)}`;
  const { status, body } = await rawRequest(port, request(`GET /api/products?ids=${ids}`, [padding]).bytes);
  expect([status, JSON.parse(body).missing.length]).toEqual([200, limits.batchMax]);
});
