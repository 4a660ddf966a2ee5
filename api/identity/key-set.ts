import { createLocalJWKSet, type JSONWebKeySet, errors, type JWK, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import type { Journal } from "../../streams/journal.ts";
import { limits } from "../limits.ts";
import type { Keys } from "./keys.ts";

/**
 * The issuer's public keys, from a fixed address (RFC 7517). A token chooses among them by `kid` and `alg`;
 * nothing in a token leads to any other key or address.
 *
 * Each key serves one algorithm: its own `alg`, or the usual one of its kind where it names none. So no public
 * key is ever taken for an HMAC secret. Private and symmetric keys have no place in a public set and are left
 * out.
 *
 * The set is fetched when first needed, again behind a request every five minutes, and when a token names a
 * key that is not there, at most twice a minute whatever is asked. While the address does not answer, the keys
 * that are known stand.
 */
export function keySet(options: {
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly journal: Journal;
}): Keys {
  const { url, now, journal } = options;
  let known: { readonly text: string; readonly find: JWTVerifyGetKey } | undefined;
  let generation = 0;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let nextTryAt = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | undefined;

  async function fetchKeys(): Promise<void> {
    try {
      const text = JSON.stringify(pinned(await download(url)));
      if (text !== known?.text) {
        known = { text, find: createLocalJWKSet(JSON.parse(text)) };
        generation++;
      }
      fetchedAt = now();
      nextTryAt = now() + limits.keySetCooldownMs;
    } catch (error) {
      nextTryAt = now() + limits.keySetRetryMs;
      const standing = known === undefined ? "nobody can be recognised yet" : "the keys known so far stand";
      journal.warn({ err: error, url }, `the key set cannot be fetched: ${standing}`);
    }
  }

  /** Resolves when a fetch is through, or at once where it is too early for another. */
  function refresh(): Promise<void> {
    if (fetching === undefined && now() >= nextTryAt) {
      fetching = fetchKeys().finally(() => {
        fetching = undefined;
      });
    }
    return fetching ?? Promise.resolve();
  }

  return {
    algorithms: [...algorithms.keys()],
    generation: () => generation,
    async keyFor(header, token) {
      const age = now() - fetchedAt;
      if (age > limits.keySetTrustedMs) await refresh();
      else if (age > limits.keySetRefreshMs) void refresh();
      const find: JWTVerifyGetKey = (...asked) => {
        if (known === undefined) throw new errors.JWKSNoMatchingKey();
        return known.find(...asked);
      };
      try {
        return await find(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        await refresh();
        return await find(header, token);
      }
    },
  };
}

/** What a key may sign with, by the kind of key: `kty`, and `crv` where that decides. */
const algorithms: ReadonlyMap<string, string> = new Map([
  ["RS256", "RSA"],
  ["RS384", "RSA"],
  ["RS512", "RSA"],
  ["PS256", "RSA"],
  ["PS384", "RSA"],
  ["PS512", "RSA"],
  ["ES256", "EC P-256"],
  ["ES384", "EC P-384"],
  ["ES512", "EC P-521"],
  ["EdDSA", "OKP Ed25519"],
  ["Ed25519", "OKP Ed25519"],
]);

const publicKey = z
  .looseObject({
    kty: z.string(),
    crv: z.string().optional(),
    alg: z.string().optional(),
    use: z.literal("sig").optional(),
  })
  .refine((key) => !("d" in key));
const keySetShape = z.object({ keys: z.array(z.unknown()) });

/** The usable keys, each with its one algorithm. Throws where there is none. */
function pinned(document: unknown): JSONWebKeySet {
  const keys = keySetShape.parse(document).keys.flatMap((each): JWK[] => {
    const parsed = publicKey.safeParse(each);
    if (!parsed.success) return [];
    const { kty, crv, alg } = parsed.data;
    const kind = crv === undefined ? kty : `${kty} ${crv}`;
    const usual = [...algorithms].find(([, signer]) => signer === kind)?.[0];
    const own = alg ?? usual;
    if (own === undefined || algorithms.get(own) !== kind) return [];
    return [{ ...(each as JWK), alg: own }];
  });
  if (keys.length === 0) throw new Error("it holds no public key that signs");
  return { keys };
}

async function download(url: string): Promise<unknown> {
  // A redirect would lead away from the address that the operator trusts.
  const response = await fetch(url, {
    redirect: "error",
    headers: { accept: "application/jwk-set+json, application/json" },
    signal: AbortSignal.timeout(limits.keySetMs),
  });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > limits.keySetBytesMax) throw new Error(`it is larger than ${limits.keySetBytesMax} bytes`);
    chunks.push(chunk);
  }
  if (response.status !== 200) throw new Error(`it answered ${response.status}`);
  return JSON.parse(Buffer.concat(chunks).toString());
}
