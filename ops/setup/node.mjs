import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { root } from "./root.mjs";
import { run } from "./run.mjs";
import { reasonIn, SetUpError, say } from "./words.mjs";

/**
 * The Node that runs the TypeScript sources as they are: the one at work if it is new enough, else the one
 * from the npm package `node`, whose install script fetches the binary for this machine.
 */

const oldestMajor = 26;
const packageFolder = join(root, "node_modules/node");

/** Its path, or undefined. Starts no process. */
export function findNode() {
  if (majorOf(process.versions.node) >= oldestMajor) return process.execPath;
  const binary = join(packageFolder, "bin/node");
  try {
    const { version } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8"));
    return majorOf(version) >= oldestMajor && statSync(binary).size > 0 ? binary : undefined;
  } catch {
    return undefined;
  }
}

const majorOf = (version) => Number.parseInt(version, 10);

/** For an npm that was told to run no install scripts (`ignore-scripts`): runs the one that matters. */
export function installNode() {
  say(`fetching Node ${oldestMajor}, which npm left out`);
  const { ok, output } = run(process.execPath, ["installArchSpecificPackage"], { cwd: packageFolder });
  if (ok && findNode() !== undefined) return;
  throw new SetUpError(
    `Node ${oldestMajor} could not be had from npm (${reasonIn(output)}): install Node ${oldestMajor} or newer on this machine`,
  );
}
