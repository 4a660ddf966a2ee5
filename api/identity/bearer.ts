import { limits } from "../limits.ts";

/** The header of RFC 6750: `Bearer`, one space or more, a JWS in its compact form, and nothing else. */
const shape = /^bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i;

/** The token, or undefined for what cannot be one: another scheme, more or less than three parts, too long. */
export function bearerToken(authorization: string): string | undefined {
  if (authorization.length > limits.tokenBytesMax) return undefined;
  return shape.exec(authorization)?.[1];
}
