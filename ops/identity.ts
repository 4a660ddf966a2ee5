import { createIdentity, type Identity, nobody } from "../api/identity/identity.ts";
import { keySet } from "../api/identity/key-set.ts";
import { type Keys, secretKey } from "../api/identity/keys.ts";
import type { Config } from "./config.ts";
import { demoSecret } from "./demo/token.ts";
import type { Logger } from "./logger.ts";

/** Whose tokens are believed: the issuer's that the settings name, else the demo's own, else nobody's. */
export function openIdentity(config: Config, logger: Logger): Identity {
  const now = () => Date.now();
  const keys = keysOf(config, logger, now);
  if (keys === undefined) {
    logger.warn("every token is refused: neither JWT_SECRET nor JWT_JWKS_URL is set, and there is no demo");
    return nobody;
  }
  return createIdentity({ keys, issuer: config.jwtIssuer, audience: config.jwtAudience, now });
}

/** Whether tokens can be made here, as only the demo does. */
export function hasDemoTokens({ demo, jwtSecret, jwtKeySetUrl }: Config): boolean {
  return demo && jwtSecret === undefined && jwtKeySetUrl === undefined;
}

function keysOf(config: Config, logger: Logger, now: () => number): Keys | undefined {
  const { jwtSecret, jwtKeySetUrl, dataDir } = config;
  if (jwtSecret !== undefined) return secretKey(jwtSecret);
  if (jwtKeySetUrl !== undefined) return keySet({ url: jwtKeySetUrl, now, journal: logger });
  return hasDemoTokens(config) ? secretKey(demoSecret(dataDir)) : undefined;
}
