import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { takeLock } from "./lock.mjs";
import { findNode, installNode } from "./node.mjs";
import { installPackages, packagesAreInstalled } from "./packages.mjs";
import { root } from "./root.mjs";
import { findServer } from "./server-binaries.mjs";
import { installServers } from "./servers.mjs";
import { SetUpError, say } from "./words.mjs";

/**
 * What a fresh clone still needs: npm packages, Node 26, and the servers asked for. With nothing missing it
 * reads two files and looks at a few paths; it says nothing and starts nothing.
 */

const lockPath = join(root, ".data/set-up.lock");
const waitMsMax = 15 * 60_000;

/** Returns the path of a Node that runs the TypeScript sources. Throws `SetUpError`, one line for the user. */
export async function setUp({ servers }) {
  if (isComplete(servers)) return findNode();
  const release = await takeTurn();
  try {
    // Another set-up may have done it all while this one waited.
    if (!packagesAreInstalled()) installPackages();
    if (findNode() === undefined) installNode();
    const missing = servers.filter((name) => findServer(name) === undefined);
    if (missing.length > 0) installServers(missing);
  } finally {
    release();
  }
  return findNode();
}

function isComplete(servers) {
  return (
    packagesAreInstalled() &&
    findNode() !== undefined &&
    servers.every((name) => findServer(name) !== undefined)
  );
}

async function takeTurn() {
  let announced = false;
  for (const deadline = Date.now() + waitMsMax; Date.now() < deadline; ) {
    const lock = takeLockOrSayWhy();
    if (lock.taken) return lock.release;
    if (!announced) say(`another set-up is at work (process ${lock.holder}): waiting for it`);
    announced = true;
    await delay(100);
  }
  throw new SetUpError(`another set-up has not finished in 15 minutes: end it, or remove ${lockPath}`);
}

function takeLockOrSayWhy() {
  try {
    return takeLock(lockPath);
  } catch (error) {
    throw new SetUpError(`something is missing, and ${root} cannot be written to (${error.code})`);
  }
}

/** A `SetUpError` is one line; anything else is a fault of ours and keeps its stack. */
export function fail(error) {
  if (error instanceof SetUpError) say(error.message);
  else console.error(error);
  process.exitCode = 1;
}
