import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createIdentity, type Identity, type IdentityOptions } from "../../../api/identity/identity.ts";
import { keySet } from "../../../api/identity/key-set.ts";
import { secretKey } from "../../../api/identity/keys.ts";
import { createVerifiedTokens } from "../../../api/identity/verified-tokens.ts";
import { limits } from "../../../api/limits.ts";
import type { Identifier } from "../../../streams/identifier.ts";
import { silent } from "../../verify/world.ts";
import { hmac, jws, type KeySetServer, publishKeys, signingKey } from "./issuer.ts";

/** Whom a token speaks for, and every way of not being a good one. */

const start = Date.parse("2026-11-23T00:00:00Z");
let now = start;
const seconds = () => now / 1_000;
const claims = (more: object = {}) => ({ sub: "ann", exp: seconds() + 600, ...more });
beforeEach(() => {
  now = start;
});

const secret = "a secret of more than thirty-two bytes";
const shared = (options: Partial<IdentityOptions> = {}) =>
  createIdentity({ keys: secretKey(secret), now: () => now, ...options });
const hs256 = (payload: object, header: object = {}) =>
  jws({ alg: "HS256", typ: "JWT", ...header }, payload, hmac(secret));
const userOf = (identity: Identity, token: string) => identity.userOf(`Bearer ${token}`);

describe("a shared secret", () => {
  test("names the user, also one whose name is any text", async () => {
    expect(await userOf(shared(), hs256(claims()))).toBe("ann");
    expect(await userOf(shared(), hs256(claims({ sub: "jörg@example.org" })))).toBe("jörg@example.org");
    expect(await shared().userOf(`bearer   ${hs256(claims())}`)).toBe("ann");
  });

  test("a token ends with its expiry and begins with its nbf, give or take a minute", async () => {
    const identity = shared();
    const token = hs256(claims({ exp: seconds() + 10 }));
    expect(await userOf(identity, token)).toBe("ann");
    now += 69_000;
    expect(await userOf(identity, token)).toBe("ann");
    now += 1_000;
    expect(await userOf(identity, token)).toBeUndefined();
    expect(await userOf(shared(), token)).toBeUndefined();
    expect(await userOf(shared(), hs256(claims({ nbf: seconds() + 59 })))).toBe("ann");
    expect(await userOf(shared(), hs256(claims({ nbf: seconds() + 62 })))).toBeUndefined();
  });

  test("issuer and audience must be those of the settings, where they are set", async () => {
    const strict = shared({ issuer: "https://id.example", audience: "shop" });
    const good = { iss: "https://id.example", aud: "shop" };
    expect(await userOf(strict, hs256(claims(good)))).toBe("ann");
    expect(await userOf(strict, hs256(claims({ ...good, aud: ["other", "shop"] })))).toBe("ann");
    for (const bad of [
      {},
      { iss: "https://id.example" },
      { aud: "shop" },
      { ...good, aud: "other" },
      { ...good, aud: [] },
      { ...good, iss: "https://id.example/" },
      { ...good, iss: ["https://id.example"] },
    ]) {
      expect([bad, await userOf(strict, hs256(claims(bad)))]).toEqual([bad, undefined]);
    }
    expect(await userOf(shared(), hs256(claims(good)))).toBe("ann");
  });

  test.each([
    ["no sub", hs256({ exp: start / 1_000 + 600 })],
    ["no exp", hs256({ sub: "ann" })],
    ["an exp that is text", hs256({ sub: "ann", exp: "2099-01-01" })],
    ["a sub that is a number", hs256({ sub: 7, exp: start / 1_000 + 600 })],
    ["a sub that is no identifier", hs256({ sub: "a\nb", exp: start / 1_000 + 600 })],
    ["a sub that is too long", hs256({ sub: "a".repeat(129), exp: start / 1_000 + 600 })],
    ["claims that are a list", hs256([{ sub: "ann" }])],
    ["another secret", jws({ alg: "HS256" }, { sub: "ann", exp: 4e9 }, hmac(`${secret}.`))],
    ["another HMAC", jws({ alg: "HS512" }, { sub: "ann", exp: 4e9 }, hmac(secret, "sha512"))],
    ["alg none", jws({ alg: "none" }, { sub: "ann", exp: 4e9 }, () => Buffer.alloc(0))],
    ["alg none, signed", jws({ alg: "none" }, { sub: "ann", exp: 4e9 }, hmac(secret))],
    ["no alg", jws({}, { sub: "ann", exp: 4e9 }, hmac(secret))],
    ["a crit that is not understood", hs256({ sub: "ann", exp: 4e9 }, { crit: ["exp2"], exp2: 1 })],
    ["a payload that is not encoded", hs256({ sub: "ann", exp: 4e9 }, { crit: ["b64"], b64: false })],
    ["another purpose", hs256({ sub: "ann", exp: 4e9 }, { typ: "logout+jwt" })],
    ["more than 4 KiB", hs256({ sub: "ann", exp: 4e9, more: "x".repeat(limits.tokenBytesMax) })],
    ["no signature", hs256({ sub: "ann", exp: 4e9 }).replace(/\.[^.]+$/, ".")],
    ["five parts", `${hs256({ sub: "ann", exp: 4e9 })}.a.b`],
    ["nothing", ""],
  ])("%s is nobody's token", async (_, token) => {
    expect(await userOf(shared(), token)).toBeUndefined();
  });

  test("other schemes are nobody's", async () => {
    const token = hs256(claims());
    for (const header of [
      token,
      `Basic ${token}`,
      `Bearer${token}`,
      `Bearer ${token} x`,
      `Bearer "${token}"`,
      "",
    ]) {
      expect([header, await shared().userOf(header)]).toEqual([header, undefined]);
    }
  });
});

describe("a key set", () => {
  const rsa = signingKey("rsa", "RS256");
  const ec = signingKey("../../etc/passwd", "ES256");
  const ed = signingKey("ed", "EdDSA");
  let issuer: KeySetServer;
  beforeEach(async () => {
    issuer = await publishKeys([rsa, ec, ed]);
  });
  afterEach(() => issuer.close());
  const remote = () =>
    createIdentity({ keys: keySet({ url: issuer.url, now: () => now, journal: silent }), now: () => now });

  test("verifies by the key that the token names, and is fetched once", async () => {
    const identity = remote();
    const tokens = [rsa, ec, ed].map((key) => key.token(claims()));
    expect(await Promise.all(tokens.map((token) => userOf(identity, token)))).toEqual(["ann", "ann", "ann"]);
    expect(issuer.asked()).toBe(1);
  });

  test("a public key is no secret, in whatever spelling", async () => {
    const identity = remote();
    const { publicKey } = rsa;
    const spellings = [
      publicKey.export({ format: "pem", type: "spki" }),
      publicKey.export({ format: "pem", type: "pkcs1" }),
      publicKey.export({ format: "der", type: "spki" }),
      JSON.stringify(rsa.jwk),
      String(rsa.jwk["n"]),
      Buffer.from(String(rsa.jwk["n"]), "base64url"),
    ];
    for (const spelling of spellings) {
      for (const alg of ["HS256", "RS256"]) {
        expect(await userOf(identity, jws({ alg, kid: "rsa" }, claims(), hmac(spelling)))).toBeUndefined();
      }
    }
  });

  test("a key serves its own algorithm alone", async () => {
    const other = signingKey("rsa", "RS512");
    issuer.answer = () => ({ body: JSON.stringify({ keys: [{ ...other.jwk, alg: "RS256" }] }) });
    expect(await userOf(remote(), other.token(claims()))).toBeUndefined();
    const { alg: _, ...bare } = other.jwk;
    issuer.answer = () => ({ body: JSON.stringify({ keys: [bare] }) });
    expect(await userOf(remote(), other.token(claims()))).toBeUndefined();
    issuer.answer = () => ({ body: JSON.stringify({ keys: [other.jwk] }) });
    expect(await userOf(remote(), other.token(claims()))).toBe("ann");
  });

  test("keys that a token brings along are not looked at", async () => {
    const mine = signingKey("rsa", "RS256");
    const away = await publishKeys([mine]);
    const identity = remote();
    for (const header of [
      { jwk: mine.jwk },
      { jku: away.url },
      { x5u: away.url },
      { kid: away.url },
      { kid: "unknown" },
      { kid: { $ne: null } },
    ]) {
      expect(await userOf(identity, mine.token(claims(), header))).toBeUndefined();
    }
    expect(away.asked()).toBe(0);
    await away.close();
  });

  test("symmetric, private and encrypting keys in the set are left out", async () => {
    const oct = { kty: "oct", kid: "oct", alg: "HS256", k: Buffer.from(secret).toString("base64url") };
    const encrypting = { ...ec.jwk, use: "enc" };
    const withPrivatePart = { ...ed.jwk, d: "AAAA" };
    issuer.answer = () => ({
      body: JSON.stringify({ keys: [oct, encrypting, withPrivatePart, null, rsa.jwk] }),
    });
    const identity = remote();
    expect(await userOf(identity, jws({ alg: "HS256", kid: "oct" }, claims(), hmac(secret)))).toBeUndefined();
    expect(await userOf(identity, ec.token(claims()))).toBeUndefined();
    expect(await userOf(identity, ed.token(claims()))).toBeUndefined();
    expect(await userOf(identity, rsa.token(claims()))).toBe("ann");
  });

  test("made-up key ids make no more than a fetch in half a minute", async () => {
    const identity = remote();
    expect(await userOf(identity, rsa.token(claims()))).toBe("ann");
    for (let each = 0; each < 100; each++) {
      expect(await userOf(identity, rsa.token(claims(), { kid: `made-up-${each}` }))).toBeUndefined();
    }
    expect(issuer.asked()).toBe(1);
    now += limits.keySetCooldownMs;
    await Promise.all(
      Array.from({ length: 20 }, (_, each) => userOf(identity, rsa.token(claims(), { kid: `new-${each}` }))),
    );
    expect(issuer.asked()).toBe(2);
  });

  test("a new key is found when a token names it, and a withdrawn one ends its tokens, verified or not", async () => {
    const identity = remote();
    const next = signingKey("next", "ES384");
    const old = rsa.token(claims());
    expect(await userOf(identity, old)).toBe("ann");
    issuer.answer = () => ({ body: JSON.stringify({ keys: [next.jwk] }) });
    now += limits.keySetCooldownMs;
    expect(await userOf(identity, next.token(claims()))).toBe("ann");
    expect(await userOf(identity, old)).toBeUndefined();
  });

  test.each([
    ["answers 500", () => ({ status: 500, body: "{}" })],
    ["redirects", () => ({ status: 302, body: "", headers: { location: "http://127.0.0.1:1/" } })],
    ["is not JSON", () => ({ body: "<html>" })],
    ["has no keys", () => ({ body: '{"keys":[]}' })],
    [
      "is too large",
      () => ({ body: JSON.stringify({ keys: [rsa.jwk, ed.jwk], more: "x".repeat(limits.keySetBytesMax) }) }),
    ],
  ])("while the address %s, the known keys stand, and nobody is known without", async (_, answer) => {
    const identity = remote();
    expect(await userOf(identity, rsa.token(claims()))).toBe("ann");
    issuer.answer = answer;
    now += 24 * 3_600_000;
    expect(await userOf(identity, rsa.token(claims()))).toBe("ann");
    expect(issuer.asked()).toBe(2);
    const cold = remote();
    expect(await userOf(cold, rsa.token(claims()))).toBeUndefined();
    issuer.answer = () => ({ body: JSON.stringify({ keys: [rsa.jwk] }) });
    now += limits.keySetRetryMs;
    expect(await userOf(cold, rsa.token(claims()))).toBe("ann");
  });
});

test("of too many verified tokens the oldest is forgotten", () => {
  const tokens = createVerifiedTokens(3);
  const token = { user: "ann" as Identifier, expiresAt: 10, generation: 1 };
  for (const digest of ["a", "b", "c", "d"]) tokens.put(digest, token);
  expect(["a", "b", "c", "d"].map((digest) => tokens.get(digest, 1, 0))).toEqual([
    undefined,
    "ann",
    "ann",
    "ann",
  ]);
  expect(tokens.get("b", 2, 0)).toBeUndefined();
  expect(tokens.get("c", 1, 10)).toBeUndefined();
});
