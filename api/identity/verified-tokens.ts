import type { Identifier } from "../../streams/identifier.ts";

/**
 * Whom verified tokens speak for, so that a caller's signature is checked once and not at every request.
 *
 * A token is remembered by its digest, so a dump of the memory holds no credentials. It is forgotten when it
 * expires, when the keys change (the one that signed it may be gone), and when it is the oldest of too many.
 */
export interface VerifiedToken {
  readonly user: Identifier;
  /** Milliseconds since 1970, the skew included. */
  readonly expiresAt: number;
  /** Of the keys, at the time. */
  readonly generation: number;
}

export interface VerifiedTokens {
  get(digest: string, generation: number, now: number): Identifier | undefined;
  put(digest: string, token: VerifiedToken): void;
}

export function createVerifiedTokens(max: number): VerifiedTokens {
  const tokens = new Map<string, VerifiedToken>();
  return {
    get(digest, generation, now) {
      const token = tokens.get(digest);
      if (token === undefined) return undefined;
      if (token.generation === generation && now < token.expiresAt) return token.user;
      tokens.delete(digest);
      return undefined;
    },
    put(digest, token) {
      tokens.set(digest, token);
      if (tokens.size <= max) return;
      const { value: oldest } = tokens.keys().next();
      if (oldest !== undefined) tokens.delete(oldest);
    },
  };
}
