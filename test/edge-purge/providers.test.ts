import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EdgeProvider } from "../../actors/edge-purge/edge-provider.ts";
import { PurgeFailed } from "../../actors/edge-purge/edge-provider.ts";
import { createPurgeQueue } from "../../actors/edge-purge/purge-queue.ts";
import { createCloudflare } from "../../ops/purge/cloudflare.ts";
import { createCloudFront } from "../../ops/purge/cloudfront.ts";
import { createFastly } from "../../ops/purge/fastly.ts";
import { createProviders } from "../../ops/purge/providers.ts";
import { providerNames } from "../../ops/purge/settings.ts";
import { createVarnish } from "../../ops/purge/varnish.ts";
import { type ProviderAnswer, type ProviderServer, startProviderServer } from "./provider-server.ts";
import { expectedSignature } from "./signature-v4.ts";

/** Each provider's request as its documentation has it, and what is made of its answers. */

const secret = "a-secret-that-no-line-may-show";
const tags = ["product-85123A", "category-Home=20and=20Garden"];
const untilOver = new AbortController().signal;

interface Case {
  readonly provider: string;
  readonly name: RegExp;
  readonly ok: ProviderAnswer;
  open(url: string): EdgeProvider;
}

const cases: readonly Case[] = [
  {
    provider: "varnish",
    name: /^varnish-127-0-0-1-\d+$/,
    ok: { status: 200, body: '{"purged": 3}' },
    open: (url) => createVarnish(url),
  },
  {
    provider: "fastly",
    name: /^fastly$/,
    ok: { status: 200, body: '{"product-85123A":"108-1391560174-974124"}' },
    open: (api) => createFastly({ service: "SU1Z0isxPaozGVKXdv0eY", token: secret, soft: false, api }),
  },
  {
    provider: "cloudflare",
    name: /^cloudflare$/,
    ok: { status: 200, body: '{"success":true,"errors":[],"messages":[],"result":{"id":"023e"}}' },
    open: (api) => createCloudflare({ zone: "023e105f", token: secret, plan: "pro", api }),
  },
  {
    provider: "cloudfront",
    name: /^cloudfront$/,
    ok: { status: 201, body: "<Invalidation><Id>I2J0I21PCUYOIK</Id></Invalidation>" },
    open: (api) =>
      createCloudFront({
        distribution: "EDFDVBD6EXAMPLE",
        accessKeyId: "AKIDEXAMPLE",
        secretAccessKey: secret,
        sessionToken: undefined,
        api,
        newReference: () => "reference-1",
      }),
  },
];

let server: ProviderServer;
afterEach(() => server.close());

async function failure(purge: Promise<unknown>): Promise<PurgeFailed> {
  const error = await purge.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof PurgeFailed)) throw new Error(`it did not fail as it should: ${error}`);
  expect(error.message).not.toContain(secret);
  expect(error.message).not.toContain("\n");
  return error;
}

describe.each(cases)("$provider", ({ name, ok, open }) => {
  let edge: EdgeProvider;
  beforeEach(async () => {
    server = await startProviderServer(ok);
    edge = open(server.url);
  });

  test("has the name by which its settings and its lease go", () => {
    expect(edge.name).toMatch(name);
  });

  test("too many requests: the pause that it asks for, in seconds or as a date", async () => {
    server.answer({ status: 429, headers: { "retry-after": "7" }, body: "slow down" });
    expect(await failure(edge.purge(tags, untilOver))).toMatchObject({ retryAfterMs: 7_000 });
    const moment = new Date(Date.now() + 20_000);
    server.answer({ status: 503, headers: { "retry-after": moment.toUTCString() } });
    const { retryAfterMs, message } = await failure(edge.purge(tags, untilOver));
    expect(message).toContain("answered 503");
    expect(retryAfterMs).toBeGreaterThan(15_000);
    expect(retryAfterMs).toBeLessThanOrEqual(20_000);
    server.answer({ status: 429, headers: { "retry-after": "soon" } });
    expect(await failure(edge.purge(tags, untilOver))).toMatchObject({ retryAfterMs: 0 });
  });

  test.each([400, 401, 403, 404, 500, 502])("%d is a failure", async (status) => {
    server.answer({ status, body: "no" });
    expect((await failure(edge.purge(tags, untilOver))).message).toMatch(`answered ${status}: no`);
  });

  test("who does not answer is given up when the caller is", async () => {
    server.answer("hang");
    const giveUp = new AbortController();
    const purge = failure(edge.purge(tags, giveUp.signal));
    giveUp.abort();
    expect((await purge).message).toMatch(/did not answer/);
  });

  test("who cannot be reached is a failure", async () => {
    await server.close();
    expect((await failure(edge.purge(tags, untilOver))).message).toMatch(/did not answer: .*ECONNREFUSED/);
  });

  test("who sends it elsewhere is not followed", async () => {
    server.answer({ status: 302, headers: { location: "/elsewhere" } });
    await failure(edge.purge(tags, untilOver));
    expect(server.requests).toHaveLength(1);
  });

  test("a full call is taken whole", async () => {
    const queue = createPurgeQueue({ windowMs: 0, lifetimeMs: 1, againAfterMs: 0 });
    queue.want(
      Array.from({ length: 5_000 }, (_, at) => `product-${"x".repeat(100)}${at}`),
      0,
      1,
    );
    const call = queue.take(0, edge.limits);
    expect(call.length).toBeGreaterThanOrEqual(8);
    expect(call.length).toBeLessThanOrEqual(edge.limits.tagsPerCall);
    await edge.purge(call, untilOver);
    const said = server.requests.map(({ headers, body }) => Object.values(headers).join("\n") + body).join();
    for (const tag of call) expect(said).toContain(tag);
  });
});

describe("what each request is", () => {
  async function requestOf(provider: string) {
    const found = cases.find((each) => each.provider === provider);
    if (found === undefined) throw new Error(`no case ${provider}`);
    server = await startProviderServer(found.ok);
    const concerned = await found.open(server.url).purge(tags, untilOver);
    const [request] = server.requests;
    if (request === undefined) throw new Error("no request came");
    return { request, concerned };
  }

  test("varnish: PURGE with the tags in xkey-softpurge, under 8 KiB; the answer says how many were concerned", async () => {
    const { request, concerned } = await requestOf("varnish");
    expect(request).toMatchObject({ method: "PURGE", path: "/", body: "" });
    expect(request.headers["xkey-softpurge"]).toBe(tags.join(" "));
    expect(concerned).toBe(3);
  });

  test("fastly: POST with the keys in Surrogate-Key, hard or, where it is asked for, soft", async () => {
    const { request, concerned } = await requestOf("fastly");
    expect(request).toMatchObject({ method: "POST", path: "/service/SU1Z0isxPaozGVKXdv0eY/purge", body: "" });
    expect(request.headers).toMatchObject({
      "surrogate-key": tags.join(" "),
      "fastly-key": secret,
      accept: "application/json",
    });
    expect(request.headers["fastly-soft-purge"]).toBeUndefined();
    expect(concerned).toBeUndefined();
    const soft = createFastly({ service: "S", token: secret, soft: true, api: server.url });
    await soft.purge(tags, untilOver);
    expect(server.requests[1]?.headers["fastly-soft-purge"]).toBe("1");
  });

  test("cloudflare: POST with the tags as JSON and a bearer token", async () => {
    const { request } = await requestOf("cloudflare");
    expect(request).toMatchObject({ method: "POST", path: "/client/v4/zones/023e105f/purge_cache" });
    expect(request.headers).toMatchObject({
      authorization: `Bearer ${secret}`,
      "content-type": "application/json",
    });
    expect(JSON.parse(request.body)).toEqual({ tags });
  });

  test("cloudfront: a signed CreateInvalidation with #tag items", async () => {
    const { request } = await requestOf("cloudfront");
    expect(request).toMatchObject({
      method: "POST",
      path: "/2020-05-31/distribution/EDFDVBD6EXAMPLE/invalidation",
    });
    expect(request.body).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>' +
        '<InvalidationBatch xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Paths><Quantity>2</Quantity>' +
        "<Items><Path>#product-85123A</Path><Path>#category-Home=20and=20Garden</Path></Items></Paths>" +
        "<CallerReference>reference-1</CallerReference></InvalidationBatch>",
    );
    const { signature, signedHeaders, credential } = expectedSignature(request, secret, {
      region: "us-east-1",
      service: "cloudfront",
    });
    expect(request.headers.authorization).toMatch(new RegExp(`Signature=${signature}$`));
    expect(signedHeaders).toEqual(expect.arrayContaining(["host", "x-amz-date"]));
    expect(credential).toMatch(/^AKIDEXAMPLE\/\d{8}\/us-east-1\/cloudfront\/aws4_request$/);
  });
});

describe("what only one of them has", () => {
  beforeEach(async () => {
    server = await startProviderServer({ status: 200, body: '{"purged": 1}' });
  });

  test("varnish: each address is a provider, by a name of its own that a consumer and a lease may have", () => {
    const varnish = [
      "http://v1:6081",
      "http://v1:6082",
      "http://v-x:6081",
      "http://v.x:6081",
      "https://v.x:6081",
      "http://[::1]:6081",
      "http://[::1:1]:6081",
      "http://v1",
    ];
    const names = createProviders({ varnish }).map(({ name }) => name);
    expect(names).toEqual(providerNames({ varnish }));
    expect(new Set(names).size).toBe(varnish.length);
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9-]{1,100}$/);
    expect(names.slice(0, 2)).toEqual(["varnish-v1-6081", "varnish-v1-6082"]);
  });

  test("an address that no request can be made to is a failure whose line holds none of its secrets", async () => {
    const personal = createVarnish(`http://somebody:${secret}@127.0.0.1:1`);
    expect((await failure(personal.purge(tags, untilOver))).message).toMatch(/127\.0\.0\.1:1 can be made/);
  });

  test("varnish: eight tags a request, under 8 KiB whatever they are", async () => {
    const longest = Array.from({ length: 20 }, (_, at) => `product-${`=C3=A4${at % 10}`.repeat(54)}`);
    expect(await createVarnish(server.url).purge(longest, untilOver)).toBe(3);
    const lists = server.requests.map(({ headers }) => headers["xkey-softpurge"] ?? "");
    expect(lists.map((list) => list.split(" ").length).sort()).toEqual([4, 8, 8]);
    expect(lists.join(" ").split(" ").sort()).toEqual([...longest].sort());
    for (const list of lists) expect(Buffer.byteLength(`xkey-softpurge: ${list}`)).toBeLessThan(8_192);
  });

  test("varnish: another server in its place is told from it", async () => {
    server.answer({ status: 200, body: "<html>It works!</html>" });
    expect((await failure(createVarnish(server.url).purge(tags, untilOver))).message).toMatch(
      /no Varnish with Shelfwire's configuration/,
    );
  });

  test.each([
    ['{"success":false,"errors":[{"code":10000,"message":"Authentication error"}]}', /Authentication error/],
    ["<html>", /did not purge/],
  ])("cloudflare: an answer that is no success is a failure: %s", async (body, message) => {
    server.answer({ status: 200, body });
    const edge = createCloudflare({ zone: "z", token: secret, plan: "free", api: server.url });
    expect((await failure(edge.purge(tags, untilOver))).message).toMatch(message);
  });

  test("cloudfront: what it does not store by is not asked for, and a session is signed with the rest", async () => {
    const edge = createCloudFront({
      distribution: "E1",
      accessKeyId: "AKIDEXAMPLE",
      secretAccessKey: secret,
      sessionToken: "session",
      api: server.url,
    });
    const long = `product-${"x".repeat(249)}`;
    await edge.purge([long], untilOver);
    expect(server.requests).toHaveLength(0);
    await edge.purge([long, "product-a"], untilOver);
    const [request] = server.requests;
    if (request === undefined) throw new Error("no request came");
    expect(request.body).toContain("<Quantity>1</Quantity><Items><Path>#product-a</Path></Items>");
    expect(request.headers["x-amz-security-token"]).toBe("session");
    const { signature } = expectedSignature(request, secret, { region: "us-east-1", service: "cloudfront" });
    expect(request.headers.authorization).toMatch(new RegExp(`Signature=${signature}$`));
  });

  test("limits are those that are documented", () => {
    const planOf = (plan: "free" | "enterprise") =>
      createCloudflare({ zone: "z", token: secret, plan }).limits;
    expect(planOf("free")).toMatchObject({ tagsPerCall: 100, callsAtOnce: 25, callsPerSecond: 5 / 60 });
    expect(planOf("enterprise")).toMatchObject({ tagsPerCall: 100, callsAtOnce: 500, callsPerSecond: 50 });
    const fastly = createFastly({ service: "S", token: secret, soft: false }).limits;
    expect(fastly).toMatchObject({ tagsPerCall: 256, tagBytesPerCall: 16_384, againAfterMs: 2_000 });
  });
});
