import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

/** A server on a leash (leash.sh): it ends when this process does, also when that was a kill -9. */
export interface Leashed {
  /** The server's own process, not the leash's. */
  readonly pid: number;
  /** Resolves when the server is gone, with the reason in words: `exit code 1`, `SIGKILL`. */
  readonly ended: Promise<string>;
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

export interface LeashSettings {
  readonly command: readonly string[];
  readonly pidFile: string;
  /** The server's stdout and stderr are appended here. */
  readonly logFile: string;
}

const script = fileURLToPath(new URL("./leash.sh", import.meta.url));

export async function startLeashed({ command, pidFile, logFile }: LeashSettings): Promise<Leashed> {
  const log = openSync(logFile, "a");
  // In a session of its own: Ctrl-C must reach the owner only, which ends its servers in order.
  const leash = spawn("sh", [script, pidFile, ...command], {
    detached: true,
    stdio: ["ignore", "pipe", log, "pipe"],
  });
  closeSync(log);
  const exit = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    leash.once("error", reject);
    leash.once("exit", (code, signal) => resolve({ code, signal }));
  });
  const pid = await new Promise<number>((resolve, reject) => {
    leash.stdout?.once("data", (line: Buffer) => resolve(Number(line.toString())));
    exit.then(({ code }) => reject(new Error(`leash.sh ended before it began: ${code}`)), reject);
  });

  const kill = (signal: "SIGTERM" | "SIGKILL"): void => {
    try {
      process.kill(pid, signal);
    } catch {
      // It is gone already, which is what was wanted.
    }
  };
  const ended = exit.then(({ code, signal }) => {
    if (code !== null) return signalNames.get(code - 128) ?? `exit code ${code}`;
    // The leash itself was killed, and its server runs on: two of them must never share a store.
    kill("SIGKILL");
    return `${signal} to its leash`;
  });
  return { pid, ended, kill };
}

/** A shell reports a child that a signal ended as 128 + the signal's number. */
const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));
