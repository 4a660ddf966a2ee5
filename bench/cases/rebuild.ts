import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "../../ops/logger.ts";
import { rebuild } from "../../ops/rebuild/rebuild.ts";
import { nodeFlags } from "../../ops/setup/node-flags.mjs";
import { fill, productId } from "../mix.ts";
import type { Row } from "../report.ts";
import { median, quantile, type Rig, startRig } from "../rig.ts";
import { project } from "./replay.ts";

/**
 * Rebuild: every product made anew over what stands, beside the first replay into an empty Redis, in turn; and
 * what a reader feels of it: the same 200 reads a second while all is quiet and while rebuilds go on, in turn,
 * with the API and its projector in one process and the rebuild in another, both on the first core beside the load.
 */
const readsPerSecond = 200;
const turns = 3;
const turnMs = 15_000;
const memoryMiB = 512;

export async function rebuilding(products: number, rounds: number): Promise<readonly Row[]> {
  const rig = await startRig();
  try {
    const { events } = await fill(rig.natsPort, products, rounds);
    const first: number[] = [];
    const again: number[] = [];
    for (let turn = 0; turn < turns; turn++) {
      first.push(products / (events / (await project(rig, events))));
      again.push(products / (await rebuildOnce(rig)));
    }
    const { quiet, busy, passes } = await readers(rig, products);
    const size = `${products.toLocaleString("en")} products, ${events.toLocaleString("en")} events`;
    const ms = (samples: readonly number[]) =>
      `p50 ${quantile(samples, 0.5).toFixed(2)} ms, p99 ${quantile(samples, 0.99).toFixed(2)} ms`;
    return [
      {
        name: `rebuild, ${size}`,
        ours: `${rate(median(again))} products/s`,
        yardstick: `${rate(median(first))} products/s (first replay)`,
        ratio: median(again.map((each, at) => each / (first[at] ?? Number.NaN))).toFixed(2),
        wanted: "at least 0.80",
        note: `${memoryMiB} MiB for a pass`,
      },
      {
        name: "rebuild, HTTP reads of products at 200/s meanwhile",
        ours: ms(busy),
        yardstick: `${ms(quiet)} (quiet)`,
        ratio: (quantile(busy, 0.99) / quantile(quiet, 0.99)).toFixed(2),
        wanted: "p99 at most 1.50",
        note: `${quiet.length} and ${busy.length} samples, ${passes} rebuilds`,
      },
    ];
  } finally {
    await rig.close();
  }
}

async function rebuildOnce({ catalogue }: Rig): Promise<number> {
  const from = performance.now();
  await rebuild({
    ...catalogue,
    versions: catalogue.versions.catalog,
    memoryBytes: memoryMiB * 2 ** 20,
    now: () => Date.now(),
    journal: createLogger("error"),
    onProgress: () => {},
  });
  return (performance.now() - from) / 1_000;
}

async function readers({ servers }: Rig, products: number) {
  const dataDir = await mkdtemp(join(tmpdir(), "shelfwire-rebuild-"));
  const env = {
    ...process.env,
    NATS_URL: servers.natsUrls.join(","),
    REDIS_URL: servers.redisUrl,
    DATA_DIR: dataDir,
    PORT: "0",
    DEMO: "0",
    LOG_LEVEL: "warn",
  };
  const shelfwire = (...args: string[]) =>
    spawn(process.execPath, [...nodeFlags, "ops/main.ts", ...args], {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
  const up = shelfwire("up");
  const agent = new Agent({ keepAlive: true });
  try {
    await new Promise<void>((resolve) => up.stdout.once("data", () => resolve()));
    const { http } = JSON.parse(readFileSync(join(dataDir, "run.json"), "utf8")) as { http: string };
    const url = (turn: number) => `${http}/api/products/${productId((turn * 7_919) % products)}`;
    const quiet: number[] = [];
    const busy: number[] = [];
    let passes = 0;
    await readFor(turnMs, url, agent);
    for (let turn = 0; turn < turns; turn++) {
      quiet.push(...(await readFor(turnMs, url, agent)));
      const until = performance.now() + turnMs;
      const reading = readFor(turnMs, url, agent);
      while (performance.now() < until) {
        await ended(shelfwire("rebuild", "--memory", String(memoryMiB)));
        passes++;
      }
      busy.push(...(await reading));
    }
    return { quiet, busy, passes };
  } finally {
    agent.destroy();
    up.kill("SIGTERM");
    await ended(up);
    await rm(dataDir, { recursive: true, force: true });
  }
}

function ended(child: ChildProcess): Promise<void> {
  child.stdout?.resume();
  return new Promise((resolve, reject) => {
    child.once("close", (code) =>
      code === 0 || child.killed ? resolve() : reject(new Error(`the command ended with ${code}`)),
    );
  });
}

/** Milliseconds that each read took, from when it was due: one that waits for the one before it is late. */
async function readFor(ms: number, url: (turn: number) => string, agent: Agent): Promise<readonly number[]> {
  const samples: number[] = [];
  const reads: Promise<void>[] = [];
  const from = performance.now();
  for (let turn = 0; turn < (ms * readsPerSecond) / 1_000; turn++) {
    const due = from + (turn * 1_000) / readsPerSecond;
    const early = due - performance.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    reads.push(
      read(url(turn), agent).then(() => {
        samples.push(performance.now() - due);
      }),
    );
  }
  await Promise.all(reads);
  return samples;
}

function read(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      response.resume();
      response.on("end", () =>
        response.statusCode === 200 ? resolve() : reject(new Error(`${url} answered ${response.statusCode}`)),
      );
    }).on("error", reject);
  });
}

const rate = (perSecond: number) => Math.round(perSecond).toLocaleString("en");
