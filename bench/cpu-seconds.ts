import { readdirSync, readFileSync } from "node:fs";

/** CPU time of processes, from Linux's /proc, in seconds. */

/** Of a process and all that it started that still runs; 0 for one that is gone. */
export function cpuSecondsOf(pids: readonly number[]): number {
  const all = processes();
  const counted = new Set<number>();
  const queue = [...pids];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    if (counted.has(pid)) continue;
    counted.add(pid);
    for (const [child, { parent }] of all) if (parent === pid) queue.push(child);
  }
  return [...counted].reduce((sum, pid) => sum + (all.get(pid)?.seconds ?? 0), 0);
}

/** `_SC_CLK_TCK`, which Linux has had at 100 on every machine that Node runs on. */
const ticksPerSecond = 100;

function processes(): ReadonlyMap<number, { readonly parent: number; readonly seconds: number }> {
  const found = new Map<number, { parent: number; seconds: number }>();
  for (const name of readdirSync("/proc").filter((each) => /^\d+$/.test(each))) {
    try {
      // The name, in brackets, may hold spaces; what follows it does not (proc_pid_stat(5)).
      const text = readFileSync(`/proc/${name}/stat`, "latin1");
      const fields = text
        .slice(text.lastIndexOf(")") + 2)
        .split(" ")
        .map(Number);
      const [parent = 0, user = 0, system = 0] = [fields[1], fields[11], fields[12]];
      found.set(Number(name), { parent, seconds: (user + system) / ticksPerSecond });
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}
