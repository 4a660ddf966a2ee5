import { accessSync, constants, readdirSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * Where a server's program is. Debian installs servers outside of an ordinary user's PATH, and a login shell
 * on macOS may not have Homebrew's folder, so those are looked at as well.
 */

const moreFolders = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"];

/** Debian has a folder for each version of PostgreSQL, and links to none of them. The newest comes first. */
function postgresFolders() {
  const versions = "/usr/lib/postgresql";
  try {
    return readdirSync(versions)
      .sort((a, b) => Number(b) - Number(a))
      .map((version) => join(versions, version, "bin"));
  } catch {
    return [];
  }
}

/** `NATS_SERVER_BIN`, `REDIS_SERVER_BIN`, `VARNISHD_BIN` or `POSTGRES_BIN` names another program. */
export const overrideOf = (name) => `${name.replace("-", "_").toUpperCase()}_BIN`;

/** Its path, or undefined. An override that is no program is not replaced by another one. */
export function findServer(name, env = process.env) {
  const override = env[overrideOf(name)];
  if (override) return isProgram(override) ? override : undefined;
  const special = name === "postgres" ? postgresFolders() : [];
  return [...(env.PATH ?? "").split(delimiter), ...moreFolders, ...special]
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find(isProgram);
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
