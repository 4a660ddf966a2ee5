import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startEdge } from "../../ops/edge/edge.ts";
import { createLogger } from "../../ops/logger.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { publicSubject } from "../../streams/subjects.ts";
import { openReader } from "../http-load.ts";
import { productId } from "../mix.ts";
import type { Row } from "../report.ts";
import { median, pin } from "../rig.ts";
import type { Service } from "../services.ts";
import { openShop, type Shop } from "../shop.ts";
import { busyText, figures, inTurns, ratioOf } from "../turns.ts";

/**
 * Edge: one product through Varnish, beside the API alone, in turn; both have the second core, load, nats-server,
 * redis-server and the projector the first. Then a burst on one product whose price changes all the while: what of it
 * the API notices.
 */
const connections = 32;
const turnMs = 3_000;
const burst = 50_000;
const changesPerSecond = 10;
const bursts = 3;

export async function edge(turns: number): Promise<readonly Row[]> {
  const shop = await openShop(1_000);
  const dataDir = await mkdtemp(join(tmpdir(), "shelfwire-bench-edge-"));
  try {
    const api = await shop.addApi({ CACHE_BYTES: "128MB" });
    const varnish = shop.add(await startVarnish(api, dataDir));
    const id = productId(7);
    const path = `/api/products/${id}`;
    const load = { path: () => path, connections, ms: turnMs, gzip: true };
    const measured = await inTurns({ api, ours: varnish }, turns, load);
    const results = [];
    for (let round = 0; round < bursts; round++)
      results.push(await underChanges(shop, api, varnish, id, dataDir));
    const asked = median(results.map(({ origin, seconds }) => origin / seconds));
    const all = median(results.map(({ seconds }) => burst / seconds));
    return [
      {
        name: `edge, one product through Varnish, ${connections} connections`,
        ours: figures(measured.ours),
        yardstick: `${figures(measured.api)} (the API alone, from its memory)`,
        ratio: ratioOf(measured.ours.perSecond, measured.api.perSecond).toFixed(2),
        wanted: "reported",
        note: busyText(measured.ours, measured.api),
      },
      {
        name: `edge, ${burst.toLocaleString("en")} requests on one product, ${changesPerSecond} price changes a second, each purged`,
        ours: `${asked.toFixed(1)} requests/s reach the API`,
        yardstick: `${Math.round(all).toLocaleString("en")} requests/s of readers`,
        ratio: (asked / all).toFixed(5),
        wanted: "reported",
        note: `${median(results.map(({ changes }) => changes))} changes in ${median(results.map(({ seconds }) => seconds)).toFixed(1)} s; one request for each, and four a second for two seconds behind the last`,
      },
    ];
  } finally {
    await shop.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function startVarnish(api: Service, dataDir: string): Promise<Service> {
  const running = await startEdge({
    urls: [`http://127.0.0.1:${api.port}`],
    purgers: ["127.0.0.1"],
    probePath: "/readyz",
    dataDir,
    host: "127.0.0.1",
    port: 0,
    cacheBytesMax: 64 * 2 ** 20,
    logger: createLogger("warn"),
  });
  const manager = running.pid();
  // What answers is a child of what was started.
  const pid = Number(readFileSync(`/proc/${manager}/task/${manager}/children`, "utf8").trim());
  pin(pid, 1);
  return { pid, port: running.port, stop: running.stop };
}

async function underChanges(shop: Shop, api: Service, varnish: Service, id: Identifier, dataDir: string) {
  const path = `/api/products/${id}`;
  const readers = await Promise.all(
    Array.from({ length: connections }, () => openReader(varnish.port, true)),
  );
  const before = backendRequests(dataDir);
  const from = performance.now();
  let asked = 0;
  let changes = 0;
  let seconds = 0;
  const reading = async () => {
    await Promise.all(
      readers.map(async ({ get }) => {
        while (asked < burst) {
          asked++;
          await get(path);
        }
      }),
    );
    seconds = (performance.now() - from) / 1_000;
  };
  const changing = async () => {
    while (asked < burst) {
      const due = delay(1_000 / changesPerSecond);
      await change(shop, api, varnish, id, 1_000 + changes++);
      await due;
    }
  };
  await Promise.all([reading(), changing()]);
  for (const { close } of readers) close();
  return { seconds, changes, origin: backendRequests(dataDir) - before };
}

/** Publishes a price, waits until the API has it, and purges the product as the purge actor does. */
async function change(
  shop: Shop,
  api: Service,
  varnish: Service,
  id: Identifier,
  amount: number,
): Promise<void> {
  const price = Buffer.from(JSON.stringify({ new_price: { amount, currency: "GBP" } }));
  const appended = await shop.rig.catalogue.catalog.append(publicSubject("price.updated", id), price);
  if (appended.outcome !== "stored") throw new Error("the append met a conflict");
  const level = { "catalog-min-version": `CATALOG/${appended.sequence}` };
  const answer = await fetch(`http://127.0.0.1:${api.port}/api/products/${id}`, { headers: level });
  await answer.body?.cancel();
  const purged = await fetch(`http://127.0.0.1:${varnish.port}/`, {
    method: "PURGE",
    headers: { "xkey-softpurge": `product-${tokenOf(id)}` },
  });
  await purged.body?.cancel();
  if (!purged.ok) throw new Error(`a purge was answered with ${purged.status}`);
}

/** What Varnish has asked the API since it began. */
function backendRequests(dataDir: string): number {
  const told = execFileSync("varnishstat", ["-n", join(dataDir, "varnishd"), "-1", "-f", "MAIN.backend_req"]);
  return Number(/MAIN\.backend_req +(\d+)/.exec(told.toString())?.[1] ?? Number.NaN);
}
