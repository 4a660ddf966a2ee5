import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Catalogue, openCatalogue } from "../ops/catalogue.ts";
import { createLogger } from "../ops/logger.ts";
import type { Servers } from "../ops/servers.ts";
import { startEmbedded } from "../ops/embedded/embedded.ts";

/**
 * What every benchmark stands on: real servers with data of their own, pinned to the second core where the
 * machine lets us, and this process, which is what is measured, on the first.
 */
export interface Rig {
  readonly catalogue: Catalogue;
  readonly servers: Servers;
  readonly natsPort: number;
  readonly pids: { readonly nats: number | undefined; readonly redis: number | undefined };
  /** Resident memory of a server, in bytes. */
  residentBytes(server: "nats" | "redis"): number;
  redisBytes(): Promise<number>;
  /** Removes all read models, and waits until Redis has freed their memory too. */
  emptyRedis(): Promise<void>;
  close(): Promise<void>;
}

export async function startRig(): Promise<Rig> {
  const dataDir = await mkdtemp(join(tmpdir(), "shelfwire-bench-"));
  const logger = createLogger("warn");
  const embedded = await startEmbedded({
    dataDir,
    logger,
    nats: { port: 0 },
    redis: { port: 0, memoryBytesMax: 12 * 1024 ** 3 },
  });
  const { natsUrl = "", redisUrl = "" } = embedded;
  const pids = embedded.pids();
  for (const pid of [pids.nats, pids.redis]) pin(pid, 1);
  pin(process.pid, 0);
  const servers: Servers = {
    natsUrls: [natsUrl],
    redisUrl,
    http: undefined,
    own: true,
    logBytesMax: 20 * 1024 ** 3,
    stop: () => embedded.stop(),
  };
  const catalogue = await openCatalogue({
    servers,
    role: "bench",
    replicas: 1,
    logger,
    redisTimeoutMs: 30_000,
  });
  return {
    catalogue,
    servers,
    natsPort: Number(new URL(natsUrl).port),
    pids,
    residentBytes(server) {
      const status = readFileSync(`/proc/${pids[server]}/status`, "utf8");
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1_024;
    },
    async redisBytes() {
      return Number(/used_memory:(\d+)/.exec(await catalogue.redis.info("memory"))?.[1] ?? 0);
    },
    async emptyRedis() {
      await catalogue.readModel.clear();
      while (!/lazyfree_pending_objects:0\r/.test(await catalogue.redis.info("memory"))) await delay(10);
    },
    async close() {
      await catalogue.close();
      await embedded.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Keeps a process on one core; where the system cannot do that, it stays where it is. */
export function pin(pid: number | undefined, core: number): void {
  if (pid === undefined) return;
  try {
    execFileSync("taskset", ["-a", "-cp", String(core), String(pid)], { stdio: "ignore" });
  } catch {
    // Not on Linux, or one core only: the figures say so by their spread.
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
