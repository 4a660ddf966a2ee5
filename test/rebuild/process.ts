import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestServers } from "../servers.ts";

/** Commands of Shelfwire as processes, of this version or of the next one (`other-fold.ts`). */
export type Release = "this" | "next";

export interface Ended {
  readonly code: number | null;
  /** The lines of standard output, as JSON. */
  readonly lines: readonly Record<string, unknown>[];
  readonly errors: string;
}

const otherFold = join(import.meta.dirname, "other-fold.ts");

function start(
  release: Release,
  servers: TestServers,
  args: readonly string[],
  dataDir: string,
): ChildProcess {
  const env = {
    ...process.env,
    NATS_URL: servers.natsUrl,
    REDIS_URL: servers.redisUrl,
    DATA_DIR: dataDir,
    DEMO: "0",
    PORT: "0",
    LOG_LEVEL: "warn",
  };
  const flags = release === "next" ? ["--import", otherFold] : [];
  return spawn(process.execPath, [...flags, "ops/main.ts", ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** A command under way: what it comes to, and the means to kill it. */
export function command(release: Release, servers: TestServers, ...args: readonly string[]) {
  const child = start(release, servers, args, join(tmpdir(), "shelfwire-none"));
  let stdout = "";
  let errors = "";
  child.stdout?.on("data", (text) => {
    stdout += text;
  });
  child.stderr?.on("data", (text) => {
    errors += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code) => {
      const lines = stdout.split("\n").filter((line) => line !== "");
      resolve({ code, errors, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) });
    });
  });
  return { ended, kill: () => child.kill("SIGKILL") };
}

/** `shelfwire up` on servers that outlive it. */
export async function startUp(
  release: Release,
  servers: TestServers,
): Promise<{ readonly http: string; readonly pid: number | undefined; stop(): Promise<void> }> {
  const dataDir = await mkdtemp(join(tmpdir(), "shelfwire-release-"));
  const child = start(release, servers, ["up"], dataDir);
  let errors = "";
  child.stderr?.on("data", (text) => {
    errors += text;
  });
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const ready = new Promise<void>((resolve) => child.stdout?.once("data", () => resolve()));
  await Promise.race([
    ready,
    gone.then(() => {
      throw new Error(`shelfwire up ended: ${errors}`);
    }),
  ]);
  const { http } = JSON.parse(readFileSync(join(dataDir, "run.json"), "utf8")) as { http: string };
  return {
    http,
    pid: child.pid,
    async stop() {
      child.kill("SIGTERM");
      await gone;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
