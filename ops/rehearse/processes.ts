import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** The processes that listen on a port of this machine, and what they had of its cores: from Linux's /proc. */

/** None where they are not this user's, or not on Linux. Reads the open files of every process once. */
export function processesListeningOn(port: number): readonly number[] {
  const sockets = new Set(["tcp", "tcp6"].flatMap((table) => socketsListening(table, port)));
  if (sockets.size === 0) return [];
  return numbersIn("/proc").filter((pid) =>
    numbersIn(`/proc/${pid}/fd`).some((file) => sockets.has(linkOf(`/proc/${pid}/fd/${file}`))),
  );
}

/** `0A` is LISTEN; the port stands in hexadecimal behind the address, the inode in the tenth place (proc_pid_net(5)). */
const listening = "0A";

function socketsListening(table: string, port: number): readonly string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return textOf(`/proc/net/${table}`)
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = "", , state]) => state === listening && local.endsWith(suffix))
    .map((fields) => `socket:[${fields[9]}]`);
}

/** `_SC_CLK_TCK`, which Linux has had at 100 on every machine that Node runs on. */
const ticksPerSecond = 100;

/** Of all their threads, in the kernel too, in seconds. A process that is gone counts for nothing. */
export function processorSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    // The name, in brackets, may hold spaces; what follows it does not (proc_pid_stat(5)).
    const stat = textOf(`/proc/${pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return sum + (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / ticksPerSecond;
  }, 0);
}

function numbersIn(folder: string): readonly number[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    // It ended, or is another user's.
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
