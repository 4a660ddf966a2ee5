import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SignJWT } from "jose";

/** A bearer token for trying things out, signed with a secret that this data folder keeps to itself. */
export async function demoToken(dataDir: string): Promise<string> {
  const file = join(dataDir, "jwt-secret");
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString("hex"), { mode: 0o600 });
  return new SignJWT({})
    .setProtectedHeader({ alg: "HS256" })
    .setSubject("demo")
    .setIssuedAt()
    .setExpirationTime("30d")
    .sign(Buffer.from(readFileSync(file, "utf8")));
}
