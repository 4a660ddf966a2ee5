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
  say("installing npm packages; the first time this takes about a minute");
  const failure = existsSync(join(root, "package-lock.json")) ? npm("ci") : "EUSAGE";
  if (failure === undefined) return;
  // `npm ci` refuses a lock file that lacks some other platform's optional packages. `npm install` takes the
  // versions that the file does have, and with --no-save leaves the file as it is.
  const last = failure.includes("EUSAGE") ? npm("install", "--no-save") : failure;
  if (last === undefined) return;
  throw new SetUpError(
    `npm could not install the packages (${reasonIn(last)}): see it all with \`npm install\``,
  );
}

/** Returns what npm said when it failed. */
function npm(...command) {
  // The machine's habits (NODE_ENV=production, omit=optional) must not leave out what runs the sources.
  const complete = ["--include=dev", "--include=optional"];
  const quiet = ["--no-audit", "--no-fund", "--no-progress", "--loglevel=error"];
  const { ok, output } = run("npm", [...command, ...complete, ...quiet]);
  return ok ? undefined : output;
}
