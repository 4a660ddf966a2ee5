import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nodeFlags } from "../ops/setup/node-flags.mjs";
import { pin, type Rig } from "./rig.ts";

/** Shelfwire in a process of its own on the second core, with the rig's servers. */
export async function startUp({ servers }: Rig, dataDir: string) {
  const child = spawn(process.execPath, [...nodeFlags, "ops/main.ts", "up"], {
    env: {
      ...process.env,
      NATS_URL: servers.natsUrls.join(","),
      REDIS_URL: servers.redisUrl,
      DATA_DIR: dataDir,
      PORT: "0",
      WORKERS: "1",
      DEMO: "0",
      LOG_LEVEL: "error",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  pin(child.pid, 1);
  await new Promise<void>((resolve) => child.stdout?.once("data", () => resolve()));
  const { http } = JSON.parse(readFileSync(join(dataDir, "run.json"), "utf8")) as { http: string };
  return { child, http };
}

export function ended(child: ChildProcess): Promise<void> {
  child.stdout?.resume();
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  child.kill("SIGTERM");
  return closed;
}
