import { hash } from "node:crypto";
import { type JWTPayload, jwtVerify, type JWTVerifyOptions } from "jose";
import { type Identifier, parseIdentifier } from "../../streams/identifier.ts";
import { limits } from "../limits.ts";
import { bearerToken } from "./bearer.ts";
import type { Keys } from "./keys.ts";
import { createVerifiedTokens } from "./verified-tokens.ts";

/**
 * Who is asking: the `sub` of a bearer token (JWT, RFC 7519) that a key of ours or of the issuer has signed.
 *
 * A token needs `sub`, which must be an identifier, and `exp`: one that never ends could never be taken back.
 * The issuer and the audience are compared where the settings name them. A `typ` that is neither a JWT's nor an
 * access token's marks something the issuer signed for another purpose. `jku`, `x5u`, `jwk` and the like are
 * not looked at, and a `crit` that asks for more than is done here is refused.
 */
export interface Identity {
  /**
   * The user that an `Authorization` header speaks for; undefined for every one that is not good, whatever is
   * wrong with it. A token's first request costs one signature check, the later ones a digest.
   */
  userOf(authorization: string): Promise<Identifier | undefined>;
}

export interface IdentityOptions {
  readonly keys: Keys;
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export function createIdentity(options: IdentityOptions): Identity {
  const { keys, issuer, audience, now } = options;
  const verified = createVerifiedTokens(limits.verifiedTokensMax);
  const checks: JWTVerifyOptions = {
    algorithms: [...keys.algorithms],
    requiredClaims: ["sub", "exp"],
    clockTolerance: limits.clockSkewSeconds,
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  };

  async function verify(token: string): Promise<JWTPayload | undefined> {
    try {
      const currentDate = new Date(now());
      const { payload, protectedHeader } = await jwtVerify(token, keys.keyFor, { ...checks, currentDate });
      return protectedHeader.typ === undefined || types.test(protectedHeader.typ) ? payload : undefined;
    } catch {
      // Every reason has one answer; who forges tokens learns nothing about how far one came.
      return undefined;
    }
  }

  return {
    async userOf(authorization) {
      const token = bearerToken(authorization);
      if (token === undefined) return undefined;
      const digest = hash("sha256", token, "base64");
      // Asked for before the check: whatever the keys become meanwhile, the token is not known under them.
      const generation = keys.generation();
      const known = verified.get(digest, generation, now());
      if (known !== undefined) return known;
      const { sub, exp } = (await verify(token)) ?? {};
      const user = typeof sub === "string" ? parseIdentifier(sub) : undefined;
      if (user === undefined || exp === undefined) return undefined;
      const expiresAt = (exp + limits.clockSkewSeconds) * 1_000;
      verified.put(digest, { user, expiresAt, generation });
      return user;
    },
  };
}

/** For an API that nobody signs in to. */
export const nobody: Identity = { userOf: async () => undefined };

const types = /^(?:application\/)?(?:at\+)?jwt$/i;
