import { mkdtemp, rm } from "node:fs/promises";
import { Agent, get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "nats";
import { startEdge } from "../../ops/edge/edge.ts";
import { createLogger } from "../../ops/logger.ts";
import { freePort } from "../../ops/port.ts";
import { publicSubject } from "../../streams/subjects.ts";
import { productId } from "../mix.ts";
import { createRandom } from "../random.ts";
import type { Row } from "../report.ts";
import { pin, quantile } from "../rig.ts";
import { startActors } from "../services.ts";
import { openShop } from "../shop.ts";

/**
 * Purge: from publishing a price to the first answer at the edge that shows it, at 100 changes a second over the whole
 * catalogue. The edge holds each product before its price changes. Every other change is looked for at the API itself:
 * what the edge adds is the window in which changes gather, the purge, and a fetch.
 */
const everyMs = 10;
const pollMs = 2;
/** With fewer of the products held before, there is too little to purge. */
const heldLeast = 0.9;

export async function purge(products: number, changes: number): Promise<readonly Row[]> {
  const shop = await openShop(products);
  const dataDir = await mkdtemp(join(tmpdir(), "shelfwire-bench-edge-"));
  const edgePort = await freePort(0);
  const PURGE_VARNISH = `http://127.0.0.1:${edgePort}`;
  try {
    const api = await shop.addApi({ CACHE_BYTES: "128MB", PURGE_VARNISH });
    const edge = await startEdge({
      urls: [`http://127.0.0.1:${api.port}`],
      purgers: ["127.0.0.1"],
      probePath: "/readyz",
      dataDir,
      host: "127.0.0.1",
      port: edgePort,
      cacheBytesMax: 256 * 2 ** 20,
      logger: createLogger("error"),
    });
    try {
      pin(edge.pid(), 1);
      shop.add(startActors(shop.rig.servers, { PURGE_VARNISH }));
      await untilLong(api.port);
      const { atEdge, atApi, held } = await measure(
        shop.rig.natsPort,
        products,
        changes,
        edge.port,
        api.port,
      );
      if (held < heldLeast * atEdge.length)
        throw new Error(
          `the edge held ${held} of ${atEdge.length} products before their prices changed: this measures fetches, not purges`,
        );
      const figures = (values: readonly number[]) =>
        `p50 ${quantile(values, 0.5).toFixed(1)} ms, p99 ${quantile(values, 0.99).toFixed(1)} ms`;
      const ratio = (share: number) => (quantile(atEdge, share) / quantile(atApi, share)).toFixed(2);
      return [
        {
          name: `purge, publish to the first fresh answer at the edge, 100 changes/s over ${products.toLocaleString("en")} products`,
          ours: figures(atEdge),
          yardstick: `${figures(atApi)} (at the API itself)`,
          ratio: `${ratio(0.5)} and ${ratio(0.99)}`,
          wanted: "p99 under 1,000 ms",
          note: `${atEdge.length} samples, polled every ${pollMs} ms; the edge held ${((100 * held) / atEdge.length).toFixed(1)} % of them before`,
        },
      ];
    } finally {
      await edge.stop();
    }
  } finally {
    await shop.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Until the API has heard that purges work, and so lets the edge hold what it purges. */
async function untilLong(port: number): Promise<void> {
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`);
    const { edge } = (await response.json()) as { readonly edge: { readonly lifetimes: string } };
    if (edge.lifetimes === "long") return;
    await delay(50);
  }
}

async function measure(natsPort: number, products: number, changes: number, edge: number, api: number) {
  const connection = await connect({ port: natsPort, noAsyncTraces: true });
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const random = createRandom(1);
  const atEdge: number[] = [];
  const atApi: number[] = [];
  let held = 0;

  async function change(at: number): Promise<void> {
    const id = productId(Math.floor(random() * products));
    const port = at % 2 === 0 ? edge : api;
    const path = `/api/products/${id}`;
    await read(agent, port, path);
    if (port === edge && (await read(agent, port, path)).isHit) held++;
    const amount = 1_000_000 + at;
    const from = performance.now();
    connection.publish(
      publicSubject("price.updated", id),
      JSON.stringify({ new_price: { amount, currency: "GBP" } }),
    );
    // A later change of the same product shows this one as well.
    while ((await read(agent, port, path)).amount < amount) await delay(pollMs);
    (port === edge ? atEdge : atApi).push(performance.now() - from);
  }

  const under: Promise<void>[] = [];
  const startedAt = performance.now();
  for (let at = 0; at < changes; at++) {
    under.push(change(at));
    await delay(Math.max(0, startedAt + (at + 1) * everyMs - performance.now()));
  }
  await Promise.all(under);
  agent.destroy();
  await connection.close();
  return { atEdge, atApi, held };
}

function read(
  agent: Agent,
  port: number,
  path: string,
): Promise<{ readonly amount: number; readonly isHit: boolean }> {
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path, agent }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => {
        const last = String(response.headers["cache-status"]).split(", ").at(-1) ?? "";
        resolve({
          amount: Number(/"price":\{"amount":(\d+)/.exec(text)?.[1] ?? 0),
          isHit: last.includes("hit"),
        });
      });
    }).on("error", reject);
  });
}
