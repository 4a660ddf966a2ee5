import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Lock, takeLock } from "../setup/lock.mjs";
import { processOf } from "../setup/processes.mjs";
import type { ServerName } from "../setup/server-binaries.mjs";
import { EmbeddedFailure } from "./failure.ts";

/**
 * One data folder, one owner, one server of each kind on its store.
 *
 * The owner's lock is free as soon as its process is gone. Its servers may then still be busy ending, for up
 * to the five seconds that their leash gives them, so a new start waits until the old ones are gone.
 */

const waitMsMax = 15_000;

/** Returns what gives the folder up again. Throws `EmbeddedFailure` with the holder. */
export function ownDataDir(dataDir: string): () => void {
  let lock: Lock;
  try {
    lock = takeLock(join(dataDir, "owner"));
  } catch (error) {
    throw new EmbeddedFailure(`DATA_DIR=${dataDir}: must be a folder that can be written to`, {
      cause: error,
    });
  }
  if (lock.taken) return lock.release;
  throw new EmbeddedFailure(
    `DATA_DIR=${dataDir}: in use by process ${lock.holder}; stop that one, or set another DATA_DIR`,
  );
}

/** `pidFile` is what the leash of an earlier start wrote. */
export async function untilGone(name: ServerName, pidFile: string): Promise<void> {
  const pid = earlierPid(pidFile);
  for (const deadline = Date.now() + waitMsMax; processOf(pid)?.name === name; await delay(50)) {
    if (Date.now() < deadline) continue;
    throw new EmbeddedFailure(
      `${name} of an earlier start does not end: look at process ${pid}, end it with \`kill -9 ${pid}\`, then start again`,
    );
  }
}

function earlierPid(pidFile: string): number {
  try {
    return Number(readFileSync(pidFile, "utf8"));
  } catch {
    return 0;
  }
}
