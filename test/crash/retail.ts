import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectRedis } from "../../projections/redis/connection.ts";

/**
 * A crash run: an import while everything around it is killed with -9 at random moments, and then the proof
 * that nothing of it shows. The importer is started again until it is through; everything else has to come
 * back by itself, but for the whole process, which is started again like by a service manager.
 */
export interface CrashRun {
  readonly files: readonly string[];
  readonly kills: number;
  /** The first kill comes after a moment up to this long, and each next one likewise. */
  readonly pauseMs: number;
  /** 0 up to 1. */
  readonly random: () => number;
  readonly onKill?: (victim: string) => void;
}

export interface CrashResult {
  /** What the import that came through said it published, and how many events the log holds. */
  readonly events: number;
  /** What importing once more published. */
  readonly published: number;
  readonly differences: number;
}

const victims = ["import", "nats", "redis", "redis with an older dump", "shelfwire"] as const;

export async function crashRun({ files, kills, pauseMs, random, onKill }: CrashRun): Promise<CrashResult> {
  const dataDir = await mkdtemp(join(tmpdir(), "shelfwire-crash-"));
  const ports = {
    NATS_PORT: String(20_000 + Math.floor(random() * 10_000)),
    REDIS_PORT: String(30_000 + Math.floor(random() * 10_000)),
  };
  const env = { ...process.env, ...ports, DATA_DIR: dataDir, DEMO: "0", PORT: "0", LOG_LEVEL: "error" };
  const shelfwire = (...args: string[]) =>
    spawn(process.execPath, ["ops/main.ts", ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  let up = shelfwire("up");
  try {
    await untilReady(up);
    let importer = shelfwire("import", "online-retail", ...files);
    let imported = finished(importer);
    for (let kill = 0; kill < kills; kill++) {
      await Promise.race([pause(random() * pauseMs), imported]);
      const victim = victims[Math.floor(random() * victims.length)] ?? "import";
      onKill?.(victim);
      if (victim === "import") importer.kill("SIGKILL");
      if (victim === "nats") killServer(dataDir, "nats");
      if (victim === "redis") killServer(dataDir, "redis");
      if (victim === "redis with an older dump") {
        await saveDump(dataDir);
        await pause(random() * pauseMs);
        killServer(dataDir, "redis");
      }
      if (victim === "shelfwire") {
        const ended = finished(up);
        up.kill("SIGKILL");
        importer.kill("SIGKILL");
        await ended;
        up = shelfwire("up");
        await untilReady(up);
      }
      const outcome = await Promise.race([imported, pause(1_000).then(() => undefined)]);
      if (outcome !== undefined && outcome.code !== 0) {
        importer = shelfwire("import", "online-retail", ...files);
        imported = finished(importer);
      }
    }
    for (let outcome = await imported; outcome.code !== 0; outcome = await imported) {
      imported = finished(shelfwire("import", "online-retail", ...files));
    }
    const again = await finished(shelfwire("import", "online-retail", ...files));
    const verified = await finished(shelfwire("verify", "--json"));
    const report = lastLine(verified.stdout) as { head: number; differences: number };
    if (report.differences !== 0) process.stderr.write(verified.stdout);
    const { published } = lastLine(again.stdout) as { published: number };
    return { events: report.head, published, differences: report.differences };
  } finally {
    const ended = finished(up);
    up.kill("SIGTERM");
    await ended;
    await rm(dataDir, { recursive: true, force: true });
  }
}

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
}

function finished(child: ChildProcess): Promise<Outcome> {
  if (child.exitCode !== null || child.signalCode !== null)
    return Promise.resolve({ code: child.exitCode, stdout: "" });
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (part) => {
    stdout += part;
  });
  child.stderr?.on("data", (part) => {
    stderr += part;
  });
  return new Promise((resolve) =>
    child.on("close", (code) => {
      if (code !== 0 && code !== null) process.stderr.write(stderr);
      resolve({ code, stdout });
    }),
  );
}

function untilReady(up: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    up.stdout?.once("data", () => resolve());
    up.once("exit", (code) => reject(new Error(`shelfwire up ended with ${code}`)));
  });
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function lastLine(text: string): unknown {
  return JSON.parse(text.trim().split("\n").at(-1) ?? "null");
}

function killServer(dataDir: string, server: "nats" | "redis"): void {
  const file = join(dataDir, `${server}.pid`);
  if (!existsSync(file)) return;
  try {
    process.kill(Number(readFileSync(file, "utf8").trim().split(/\s/)[0]), "SIGKILL");
  } catch {
    // It was on its way down already.
  }
}

/** From here on this dump is what a killed redis-server comes back with, unless it saves another by itself. */
async function saveDump(dataDir: string): Promise<void> {
  const { redis: url } = JSON.parse(readFileSync(join(dataDir, "run.json"), "utf8")) as { redis: string };
  const redis = await connectRedis({ url, commandTimeoutMs: 10_000 });
  await redis.save().catch(() => {});
  redis.disconnect();
}
