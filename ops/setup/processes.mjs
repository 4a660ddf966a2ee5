import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";

/**
 * Who a process number is now: the program's name and a mark of when it started. Undefined when there is
 * none, and for a zombie, which holds nothing any more but stays listed until its parent looks (in a
 * container perhaps never).
 */
export function processOf(pid) {
  const found = existsSync("/proc/self/stat") ? fromProc(pid) : fromPs(pid);
  return found === undefined || /^[ZX]/.test(found.state)
    ? undefined
    : { name: found.name, start: found.start };
}

/** `PID (NAME) STATE ...` with the start, in clock ticks since boot, as field 22. See proc(5). */
function fromProc(pid) {
  let line;
  try {
    line = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  const end = line.lastIndexOf(")");
  const fields = line.slice(end + 2).split(" ");
  return { name: line.slice(line.indexOf("(") + 1, end), state: fields[0], start: fields[19] };
}

/** macOS: `S+   Mon Nov 23 05:16:00 2026 /path/to/program`. */
function fromPs(pid) {
  const { stdout } = spawnSync("ps", ["-o", "stat=,lstart=,comm=", "-p", String(pid)], { encoding: "utf8" });
  const fields = (stdout ?? "").trim().split(/\s+/);
  if (fields.length < 7) return undefined;
  return {
    name: basename(fields.slice(6).join(" ")),
    state: fields[0],
    start: fields.slice(1, 6).join("-").replaceAll(":", "-"),
  };
}
