import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, renameSync, rmdirSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Fault, Scene } from "../fault.ts";
import { outageOf } from "./outage.ts";

/**
 * The disk is a small tmpfs, and the log's limit is the one that Shelfwire itself gives it there. Large events
 * come until the log refuses all; it must do so in words, with room left on the disk and every read answered.
 * Then the disk and the limit grow, as an operator would have it, and everything must go on.
 */
export const fullDisk: Fault = {
  name: "full-disk",
  story:
    "all data on a tmpfs of 64 MB, with the limit that Shelfwire gives its log there; large events until the log " +
    "refuses everything, at times a kill -9 of nats-server on top, then a larger disk and, with a restart of " +
    "nats-server, a higher limit; no bad events, since a full log takes no copies of them into the quarantine either",
  // A full log takes no copies into the quarantine either, and those are not made up for later.
  badShare: 0,
  largeShare: 0.12,
  withProjector: false,
  obstacle,
  arm(_, dataDir) {
    mount(dataDir, "size=64m");
    return {
      harm,
      disarm: (keep) => {
        const copy = `${dataDir}.kept`;
        if (keep) cpSync(dataDir, copy, { recursive: true });
        // Lazily: what is on its way out may still hold a file there for a moment.
        execFileSync("umount", ["--lazy", dataDir]);
        if (!keep) return;
        rmdirSync(dataDir);
        renameSync(copy, dataDir);
      },
    };
  },
};

const refusalMsMax = 20_000;
const grownBytes = 512 * 2 ** 20;

async function harm({ world, publishing: { fates }, random, harmMs }: Scene): Promise<number> {
  for (const deadline = performance.now() + refusalMsMax; fates.refused.size < 50; await delay(20)) {
    if (performance.now() > deadline) throw new Error("the log was to refuse, and takes everything");
  }
  await delay(random.between(100, harmMs / 3));
  if (random.chance(0.5)) {
    world.signal("nats", "SIGKILL");
    await outageOf(world, "nats");
  }
  await delay(random.between(100, harmMs / 3));
  if (statfsSync(world.dataDir).bavail === 0) throw new Error("the disk was full before the log refused");
  mount(world.dataDir, `remount,size=${2 * grownBytes}`);
  const configFile = join(world.dataDir, "nats.conf");
  const config = readFileSync(configFile, "utf8");
  writeFileSync(configFile, config.replace(/max_file_store: \d+/, `max_file_store: ${grownBytes}`));
  world.signal("nats", "SIGKILL");
  await outageOf(world, "nats");
  return fates.refused.size;
}

function mount(folder: string, options: string): void {
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "shelfwire-chaos", folder], { stdio: "pipe" });
}

function obstacle(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "shelfwire-mount-"));
  try {
    mount(folder, "size=1m");
    execFileSync("umount", [folder]);
    return undefined;
  } catch (error) {
    return `a tmpfs cannot be mounted here (${(error as Error).message.split("\n")[0]}); root may do it`;
  } finally {
    rmdirSync(folder);
  }
}
