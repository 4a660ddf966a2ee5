import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { publicSubject } from "../../streams/subjects.ts";
import { cpuSecondsOf } from "../cpu-seconds.ts";
import { productId } from "../mix.ts";
import type { Row } from "../report.ts";
import { createRandom } from "../random.ts";
import { openShop, type Shop } from "../shop.ts";

/**
 * Auditor: CPU time of `shelfwire audit` beside that of what it audits, nats-server, redis-server, projector and one API
 * node, while prices change; and what its questions cost those, beside as many changes without it.
 */
const offsetsMs = [100, 1_000, 5_000];
const seconds = 30;

export async function auditor(products: number, changesPerSecond: number): Promise<readonly Row[]> {
  const shop = await openShop(products);
  const dataDir = await mkdtemp(join(tmpdir(), "shelfwire-auditor-"));
  try {
    const api = await shop.addApi({ CACHE_BYTES: "128MB" });
    const audited = [...shop.pids, api.pid];
    const random = createRandom(11);
    let changes = 0;
    const change = () => {
      const id = productId(Math.floor(random() * products));
      const new_price = { amount: 100 + changes++, currency: "GBP" };
      const payload = Buffer.from(JSON.stringify({ new_price }));
      void shop.rig.catalogue.catalog.append(publicSubject("price.updated", id), payload);
    };
    const changing = setInterval(change, 1_000 / changesPerSecond);
    const quietFrom = cpuSecondsOf(audited);
    await delay(seconds * 1_000);
    const quiet = (cpuSecondsOf(audited) - quietFrom) / seconds;
    const run = await runAuditor(shop, `http://127.0.0.1:${api.port}`, audited, dataDir);
    clearInterval(changing);
    const perCheck = (1_000_000 * run.own) / run.checked;
    return [
      {
        name: `auditor, ${changesPerSecond} changes/s over ${products.toLocaleString("en")} products`,
        ours: `${run.own.toFixed(1)} s of CPU, ${perCheck.toFixed(0)} µs a question`,
        yardstick: `${run.audited.toFixed(1)} s of CPU (what it audits)`,
        ratio: (run.own / run.audited).toFixed(2),
        wanted: "at most 1.00",
        note: `${run.checked.toLocaleString("en")} answers checked of Redis and a node in ${run.seconds.toFixed(0)} s, ${run.behind} not asked in time`,
      },
      {
        name: "auditor, what its questions cost those who answer",
        ours: `${(run.audited / run.seconds).toFixed(3)} cores`,
        yardstick: `${quiet.toFixed(3)} cores (as many changes without it)`,
        ratio: (run.audited / run.seconds / quiet).toFixed(2),
        wanted: "at most 2.00",
        note: `${Math.round(run.checked / run.seconds)} questions/s`,
      },
    ];
  } finally {
    await shop.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

interface Run {
  readonly own: number;
  readonly audited: number;
  readonly checked: number;
  readonly behind: number;
  readonly seconds: number;
}

async function runAuditor(
  shop: Shop,
  node: string,
  audited: readonly number[],
  dataDir: string,
): Promise<Run> {
  const { natsUrls, redisUrl } = shop.rig.servers;
  const args = ["--node", node, "--offsets", offsetsMs.join(), "--for", String(seconds), "--json"];
  const child = spawn(process.execPath, ["ops/main.ts", "audit", ...args], {
    env: {
      ...process.env,
      NATS_URL: natsUrls.join(),
      REDIS_URL: redisUrl,
      DATA_DIR: dataDir,
      LOG_LEVEL: "warn",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const auditedFrom = cpuSecondsOf(audited);
  const from = performance.now();
  let own = 0;
  const looking = setInterval(() => {
    own = Math.max(own, cpuSecondsOf([child.pid ?? 0]));
  }, 250);
  const parts: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => parts.push(part));
  await new Promise<void>((resolve) => child.once("close", () => resolve()));
  clearInterval(looking);
  let checked = 0;
  let behind = 0;
  for (const line of Buffer.concat(parts).toString().trim().split("\n")) {
    const told = JSON.parse(line) as { checked?: number; unchecked?: { behind?: number } };
    checked += told.checked ?? 0;
    behind += told.unchecked?.behind ?? 0;
  }
  return {
    own,
    audited: cpuSecondsOf(audited) - auditedFrom,
    checked,
    behind,
    seconds: (performance.now() - from) / 1_000,
  };
}
