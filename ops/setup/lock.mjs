import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { processOf } from "./processes.mjs";

/**
 * A lock that outlives no holder: a folder with one empty file, named after the process that holds it.
 *
 * The folder is made aside and renamed into place, which succeeds for exactly one taker and only over a
 * folder that is absent or empty. A holder that is gone is removed by its file's name, so nobody can remove
 * a lock that a third process took in between. A process is its number and its start, because numbers come
 * round again.
 */

/** Returns `{ taken: true, release }` or `{ taken: false, holder }`, the holder's process number. */
export function takeLock(path) {
  const own = `${process.pid}.${processOf(process.pid)?.start}`;
  const aside = `${path}.${own}`;
  mkdirSync(dirname(path), { recursive: true });
  mkdirSync(aside, { recursive: true });
  writeFileSync(join(aside, own), "");
  for (;;) {
    try {
      renameSync(aside, path);
      return { taken: true, release: () => release(path, own) };
    } catch (error) {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    }
    const holder = unless("ENOENT", () => readdirSync(path))?.[0];
    if (holder === undefined) continue;
    const [pid, start] = holder.split(".");
    if (processOf(Number(pid))?.start === start) {
      rmSync(aside, { recursive: true });
      return { taken: false, holder: Number(pid) };
    }
    unless("ENOENT", () => unlinkSync(join(path, holder)));
  }
}

function release(path, own) {
  unless("ENOENT", () => unlinkSync(join(path, own)));
  // The next holder may already be in the folder.
  unless("ENOENT", () => unless("ENOTEMPTY", () => rmdirSync(path)));
}

function unless(code, action) {
  try {
    return action();
  } catch (error) {
    if (error.code !== code) throw error;
    return undefined;
  }
}
