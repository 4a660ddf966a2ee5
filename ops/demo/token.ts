import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { threadId } from "node:worker_threads";
import { SignJWT } from "jose";
import type { Config } from "../config.ts";

/**
 * Tokens for trying things out. Only the demo has them, and only while the settings name no issuer of tokens:
 * the secret that signs them is made at random for one data folder and never leaves it.
 */
export function demoSecret(dataDir: string): string {
  mkdirSync(dataDir, { recursive: true });
  const file = join(dataDir, "jwt-secret");
  const unfinished = `${file}.${process.pid}.${threadId}`;
  writeFileSync(unfinished, randomBytes(32).toString("hex"), { mode: 0o600 });
  try {
    // A link appears whole or not at all, and never takes the place of a secret that tokens were signed with.
    linkSync(unfinished, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(unfinished);
  }
  return readFileSync(file, "utf8");
}

/** For the user `demo`, for 30 days. */
export async function demoToken(config: Config): Promise<string> {
  const token = new SignJWT({}).setProtectedHeader({ alg: "HS256" }).setSubject("demo").setIssuedAt();
  if (config.jwtIssuer !== undefined) token.setIssuer(config.jwtIssuer);
  if (config.jwtAudience !== undefined) token.setAudience(config.jwtAudience);
  return token.setExpirationTime("30d").sign(Buffer.from(demoSecret(config.dataDir)));
}
