import { spawn } from "node:child_process";
import { constants } from "node:os";
import { isatty } from "node:tty";
import { nodeFlags } from "./node-flags.mjs";
import { SetUpError } from "./words.mjs";

/**
 * Runs a script under Node 26 as if it were this process: same terminal, same signals, same exit code.
 *
 * The child also gets a channel whose only use is to break: when this process dies, however it dies, the
 * child hears of it (with-launcher.mjs) and dies as well.
 */

const preload = new URL("./with-launcher.mjs", import.meta.url).href;
const forwarded = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR2"];
/** npm passes on a signal that the process group got as well: the child should hear it once. */
const sameSignalMs = 500;

/** Returns the exit code, by the shell's rule where a signal ended it. */
export function runUnderNode(node, args, { cwd } = {}) {
  const child = spawn(node, [...nodeFlags, "--import", preload, ...args], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, SHELFWIRE_LAUNCHED: "1" },
    cwd,
  });
  // Ctrl-C in a terminal reaches the child by itself.
  const byTerminal = isatty(0) ? ["SIGINT", "SIGQUIT"] : [];
  const last = new Map();
  const forward = (signal) => {
    const now = performance.now();
    const repeated = now - (last.get(signal) ?? Number.NEGATIVE_INFINITY) < sameSignalMs;
    last.set(signal, now);
    if (!repeated && !byTerminal.includes(signal)) child.kill(signal);
  };
  for (const signal of forwarded) process.on(signal, forward);
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(new SetUpError(`${node} cannot be run (${error.message})`)));
    child.once("exit", (code, signal) => {
      for (const name of forwarded) process.off(name, forward);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}
