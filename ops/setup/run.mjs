import { spawnSync } from "node:child_process";
import { delimiter } from "node:path";
import { root } from "./root.mjs";

/**
 * Runs a program to its end, in the repository's folder and in silence. Whatever it prints is handed back,
 * for the one line that says why it failed.
 */
export function run(command, args, { env = {}, cwd = root } = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, PATH: machinePath(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  return { ok: status === 0, output: error?.message ?? `${stderr}\n${stdout}` };
}

/**
 * PATH without the folders that npm puts in front: `npm ci` deletes node_modules, and must not run on the
 * Node in it.
 */
function machinePath() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.filter((folder) => !/node_modules[/\\]\.bin[/\\]?$/.test(folder)).join(delimiter);
}
