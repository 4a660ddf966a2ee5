import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** An issuer of tokens for tests: it signs by hand, so that it can also sign what no library would. */

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A JWS in its compact form; the signature is made from the other two parts. */
export function jws(header: object, claims: object, signature: (input: string) => Buffer): string {
  const input = `${encoded(header)}.${encoded(claims)}`;
  return `${input}.${signature(input).toString("base64url")}`;
}

export const hmac =
  (secret: string | Buffer, digest = "sha256") =>
  (input: string) =>
    createHmac(digest, secret).update(input).digest();

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly publicKey: KeyObject;
  /** As it stands in the key set. */
  readonly jwk: Readonly<Record<string, unknown>>;
  token(claims: object, header?: object): string;
}

/** `digest` is null for keys that hash by themselves. */
const kinds = {
  RS256: { digest: "sha256", pair: () => generateKeyPairSync("rsa", { modulusLength: 2048 }) },
  RS512: { digest: "sha512", pair: () => generateKeyPairSync("rsa", { modulusLength: 2048 }) },
  ES256: { digest: "sha256", pair: () => generateKeyPairSync("ec", { namedCurve: "P-256" }) },
  ES384: { digest: "sha384", pair: () => generateKeyPairSync("ec", { namedCurve: "P-384" }) },
  EdDSA: { digest: null, pair: () => generateKeyPairSync("ed25519") },
} as const;

export function signingKey(kid: string, alg: keyof typeof kinds): SigningKey {
  const { digest, pair } = kinds[alg];
  const { publicKey, privateKey } = pair();
  return {
    kid,
    alg,
    publicKey,
    jwk: { ...publicKey.export({ format: "jwk" }), kid, alg, use: "sig" },
    token: (claims, header = {}) =>
      jws({ alg, kid, ...header }, claims, (input) =>
        sign(digest, Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" }),
      ),
  };
}

/** The address where an issuer publishes its keys. */
export interface KeySetServer {
  readonly url: string;
  readonly asked: () => number;
  answer: () => {
    readonly status?: number;
    readonly body: string;
    readonly headers?: Record<string, string>;
  };
  close(): Promise<void>;
}

export async function publishKeys(keys: readonly SigningKey[]): Promise<KeySetServer> {
  let asked = 0;
  const server: Server = createServer((_, response) => {
    asked++;
    const { status = 200, body, headers = {} } = published.answer();
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const published: KeySetServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    asked: () => asked,
    answer: () => ({ body: JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }) }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return published;
}
