import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { connect, type NatsConnection } from "nats";
import { nodeFlags } from "../../ops/setup/node-flags.mjs";
import type { Row } from "../report.ts";
import { pin, quantile } from "../rig.ts";

/**
 * Visible: from publishing a price to the first HTTP read that shows it, at 200 events a second, beside the
 * bare round trip: publish to a subscriber, then one Redis SET and one GET. Each sample of the one is
 * followed by one of the other, on the same servers. Shelfwire runs as a process of its own.
 */
export async function visible(samples: number): Promise<readonly Row[]> {
  const dataDir = await mkdtemp(join(tmpdir(), "shelfwire-visible-"));
  const up = spawn(process.execPath, [...nodeFlags, "ops/main.ts", "up"], {
    env: { ...process.env, DATA_DIR: dataDir, PORT: "0", NATS_PORT: "0", REDIS_PORT: "0", LOG_LEVEL: "warn" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await new Promise<void>((resolve) => up.stdout.once("data", () => resolve()));
    pin(process.pid, 0);
    pin(up.pid, 1);
    const run = JSON.parse(readFileSync(join(dataDir, "run.json"), "utf8")) as Record<
      "http" | "nats" | "redis",
      string
    >;
    const { ours, bare } = await measure(run, samples);
    const row = (share: number) => quantile(ours, share) / quantile(bare, share);
    return [
      {
        name: "visible, publish to HTTP read, 200 events/s",
        ours: `p50 ${quantile(ours, 0.5).toFixed(2)} ms, p99 ${quantile(ours, 0.99).toFixed(2)} ms`,
        yardstick: `p50 ${quantile(bare, 0.5).toFixed(2)} ms, p99 ${quantile(bare, 0.99).toFixed(2)} ms (round trip)`,
        ratio: `${row(0.5).toFixed(2)} and ${row(0.99).toFixed(2)}`,
        wanted: "p99 at most 4.00",
        note: `${samples} samples behind ${unmeasured} that are not counted, the read polled without a pause`,
      },
    ];
  } finally {
    const ended = new Promise((resolve) => up.once("exit", resolve));
    up.kill("SIGTERM");
    await ended;
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** A process that has just begun loads and compiles, for some seconds. */
const unmeasured = 1_000;

async function measure(run: Record<"http" | "nats" | "redis", string>, samples: number) {
  const connection = await connect({ servers: run.nats });
  const redis = new Redis(run.redis);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const background = steadyTraffic(connection);
  const ours: number[] = [];
  const bare: number[] = [];
  const waiting = new Map<string, () => void>();
  connection.subscribe("bench.echo", { callback: (_, message) => waiting.get(message.string())?.() });
  try {
    const url = `${run.http}/api/products/BANK%20CHARGES/price`;
    for (let sample = -unmeasured; sample < samples; sample++) {
      if (sample === 0) {
        ours.length = 0;
        bare.length = 0;
      }
      const amount = 10_000 + sample;
      const payload = JSON.stringify({ new_price: { amount, currency: "GBP" } });
      const from = performance.now();
      connection.publish("catalog.price.updated.BANK=20CHARGES", payload);
      while (!(await read(url, agent)).includes(`"amount":${amount},`));
      ours.push(performance.now() - from);

      const since = performance.now();
      const heard = new Promise<void>((resolve) => waiting.set(String(sample), resolve));
      connection.publish("bench.echo", String(sample));
      await heard;
      waiting.delete(String(sample));
      await redis.set("bench:echo", payload);
      await redis.get("bench:echo");
      bare.push(performance.now() - since);
    }
    return { ours, bare };
  } finally {
    clearInterval(background);
    await redis.del("bench:echo");
    redis.disconnect();
    agent.destroy();
    await connection.close();
  }
}

/** 200 events a second on products that are not watched. */
function steadyTraffic(connection: NatsConnection): NodeJS.Timeout {
  let count = 0;
  return setInterval(() => {
    const quantity = JSON.stringify({ new_quantity: count++ % 100, reason: "purchase" });
    connection.publish(`catalog.inventory.changed.bench-${count % 500}`, quantity);
  }, 5);
}

function read(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        body += part;
      });
      response.on("end", () => resolve(body));
    }).on("error", reject);
  });
}
