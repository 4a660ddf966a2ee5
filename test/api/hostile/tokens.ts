import type { Random } from "../../../ops/demo/random.ts";
import { hmac, jws, type SigningKey } from "../identity/issuer.ts";

/**
 * Tokens that must not let anyone in, as a table: a name and how to make one from random numbers. Each is made
 * from what an attacker may have: good tokens of another user, the public keys, the address of the key set.
 */

export interface Target {
  /** A good token of the issuer, with anything in it. */
  sign(claims: object, header?: object): string;
  /** What the server expects of good ones, such as `iss` and `aud`. */
  readonly claims: object;
  readonly publicKeys: readonly SigningKey[];
}

const mine = { secret: "the attacker's own secret, long enough to be one" };

export function badTokens(target: Target, own: SigningKey): Record<string, (random: Random) => string> {
  const seconds = Math.floor(Date.now() / 1_000);
  const claims = (random: Random, more: object = {}) => ({
    ...target.claims,
    sub: random.pick(["victim", "admin", "demo", "ann", "röd stol"]),
    exp: seconds + random.between(300, 1e9),
    jti: String(random.next()),
    ...more,
  });
  const parts = (random: Random) => target.sign(claims(random)).split(".") as [string, string, string];
  const kid = (random: Random) => random.pick([...target.publicKeys.map((key) => key.kid), "0", undefined]);
  const text = (random: Random, length: number) =>
    Array.from({ length }, () => random.pick([..."ABCDEFGHabcdefgh0123456789-_"])).join("");

  return {
    "alg none": (random) =>
      jws(
        { alg: random.pick(["none", "None", "NONE", "nOnE", "", null, 0, []]), kid: kid(random) },
        claims(random),
        () => (random.chance(0.5) ? Buffer.alloc(0) : hmac(mine.secret)("x")),
      ),
    "alg none without a signature": (random) => {
      const [header, payload] = jws({ alg: "none" }, claims(random), () => Buffer.alloc(0)).split(".");
      return random.pick([`${header}.${payload}.`, `${header}.${payload}`, `${header}.${payload}..`]);
    },
    "a public key as the secret": (random) => {
      const { publicKey, jwk, kid: named, alg } = random.pick(target.publicKeys);
      const spelling = random.pick([
        publicKey.export({ format: "pem", type: "spki" }),
        publicKey.export({ format: "der", type: "spki" }),
        String(publicKey.export({ format: "pem", type: "spki" })).trim(),
        JSON.stringify(jwk),
        String(jwk["n"] ?? jwk["x"]),
      ]);
      const header = {
        alg: random.pick(["HS256", "HS384", "HS512", alg]),
        kid: random.chance(0.8) ? named : undefined,
      };
      return jws(header, claims(random), hmac(spelling, random.pick(["sha256", "sha512"])));
    },
    "a secret of one's own": (random) =>
      jws(
        { alg: "HS256", kid: kid(random) },
        claims(random),
        hmac(random.pick([mine.secret, "", "secret", "0".repeat(32)])),
      ),
    "a key of one's own": (random) => own.token(claims(random), { kid: kid(random) }),
    "a key brought along": (random) =>
      own.token(claims(random), {
        kid: kid(random),
        ...random.pick([
          { jwk: own.jwk },
          { jku: "http://127.0.0.1:9/keys" },
          { x5u: "http://169.254.169.254/latest" },
          { x5c: [text(random, 200)] },
          { jwk: own.jwk, crit: ["jwk"] },
        ]),
      }),
    "a path for a key id": (random) =>
      own.token(claims(random), {
        kid: random.pick([
          "../../../../dev/null",
          "/etc/passwd",
          "file:///proc/self/environ",
          "' OR 1=1 --",
          "|/usr/bin/id",
          "http://127.0.0.1:9/",
          "__proto__",
          "constructor",
          "*",
          ">",
          "\u0000",
          "x".repeat(2_000),
        ]),
      }),
    "an extension that must be understood": (random) =>
      target.sign(claims(random), {
        crit: random.pick([["exp"], ["x"], [], "x", ["b64"], [1]]),
        b64: false,
        x: 1,
      }),
    expired: (random) => target.sign(claims(random, { exp: seconds - random.between(62, 1e6) })),
    "not yet valid": (random) => target.sign(claims(random, { nbf: seconds + random.between(120, 1e6) })),
    "without an end": (random) =>
      target.sign(
        claims(random, { exp: random.pick([undefined, null, "never", "4000000000", true, [], {}]) }),
      ),
    "for another shop": (random) =>
      target.sign(
        claims(
          random,
          random.pick([{ iss: "https://evil.example" }, { aud: "other" }, { iss: null }, { aud: [] }]),
        ),
      ),
    "nobody's": (random) =>
      target.sign(
        claims(random, {
          sub: random.pick([
            undefined,
            null,
            "",
            ".",
            "..",
            7,
            {},
            ["ann"],
            true,
            "a\nb",
            "a\r\nSet-Cookie: x",
            "\u0000",
            "a".repeat(129),
            "cafe\u0301",
            "\ud800",
          ]),
        }),
      ),
    "for another purpose": (random) =>
      target.sign(claims(random), {
        typ: random.pick(["logout+jwt", "dpop+jwt", "JWE", "application/json", "secevent+jwt"]),
      }),
    "another user's claims under a good signature": (random) => {
      const [header, , signature] = parts(random);
      return [header, Buffer.from(JSON.stringify(claims(random))).toString("base64url"), signature].join(".");
    },
    "another header over a good signature": (random) => {
      const [, payload, signature] = parts(random);
      const header = { alg: random.pick(["HS256", "RS256", "ES256", "none", "PS256"]), x: random.next() };
      return [Buffer.from(JSON.stringify(header)).toString("base64url"), payload, signature].join(".");
    },
    "a flipped character": (random) => {
      const token = target.sign(claims(random));
      // The last characters of a part may carry bits that decode to nothing.
      const at = random.between(0, token.lastIndexOf(".") - 4);
      const other = token[at] === "." ? "A" : token[at] === "B" ? "C" : "B";
      return `${token.slice(0, at)}${other}${token.slice(at + 1)}`;
    },
    "cut short": (random) => {
      const token = target.sign(claims(random));
      return token.slice(0, random.between(1, token.length - 4));
    },
    giant: (random) => target.sign(claims(random, { more: text(random, random.between(3_200, 5_000)) })),
    "too many parts": (random) =>
      `${target.sign(claims(random))}.${text(random, 20)}${random.chance(0.5) ? ".x" : ""}`,
    noise: (random) =>
      random.pick([
        text(random, random.between(1, 300)),
        `${text(random, 30)}.${text(random, 60)}.${text(random, 43)}`,
        `${Buffer.from('{"alg":"HS256"').toString("base64url")}.e30.AA`,
        `${Buffer.from("[".repeat(900)).toString("base64url")}.e30.AA`,
        "..",
        "null",
        "undefined",
        "e30.e30.e30",
      ]),
  };
}
