import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./root.mjs";
import { run } from "./run.mjs";
import { reasonIn, SetUpError, say } from "./words.mjs";

/**
 * npm packages. What npm installed it notes in node_modules/.package-lock.json, last of all, so an install
 * that was broken off counts as none.
 */

export function packagesAreInstalled() {
  const installed = packagesOf("node_modules/.package-lock.json");
  if (installed === undefined) return false;
  const wanted = packagesOf("package-lock.json");
  if (wanted === undefined) return true;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === "" || entry.link) return true;
    const found = installed[path];
    // An optional package may be one for another operating system.
    if (found === undefined) return entry.optional === true;
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), "utf8")).packages;
  } catch {
    return undefined;
  }
}

export function installPackages() {
  const command = existsSync(join(root, "package-lock.json")) ? "ci" : "install";
  say(`installing npm packages (npm ${command}); the first time this takes about a minute`);
  // The machine's habits (NODE_ENV=production, omit=optional) must not leave out what runs the sources.
  const { ok, output } = run("npm", [
    command,
    ...["--include=dev", "--include=optional"],
    ...["--no-audit", "--no-fund", "--no-progress", "--loglevel=error"],
  ]);
  if (!ok)
    throw new SetUpError(`npm ${command} failed (${reasonIn(output)}): run it by hand to see all of it`);
}
