import type { JWTVerifyGetKey } from "jose";

/** Where the keys that sign tokens come from. */
export interface Keys {
  /** The only algorithms that are looked at; `none` is in no list. */
  readonly algorithms: readonly string[];
  /** Changes whenever a key was added, replaced or withdrawn. */
  readonly generation: () => number;
  /** The one key that may have signed this token. Rejects where there is none. */
  readonly keyFor: JWTVerifyGetKey;
}

/** One secret, shared with the issuer: HMAC and nothing else. */
export function secretKey(secret: string): Keys {
  const bytes = Buffer.from(secret);
  return { algorithms: ["HS256"], generation: () => 0, keyFor: () => bytes };
}
