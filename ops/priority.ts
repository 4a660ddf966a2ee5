import { execFileSync } from "node:child_process";
import { constants, setPriority } from "node:os";

/**
 * Lets all other processes go first. On Linux that is the scheduler's class for idle time, for all threads of
 * this process: one that merely is "nice" keeps its core for up to 20 ms when another wakes up.
 */
export function letOthersFirst(): void {
  setPriority(constants.priority.PRIORITY_LOW);
  if (process.platform !== "linux") return;
  try {
    execFileSync("chrt", ["--all-tasks", "--idle", "--pid", "0", String(process.pid)], { stdio: "ignore" });
  } catch {
    // Without util-linux it is just nice.
  }
}
