import { setTimeout as delay } from "node:timers/promises";
import { connect } from "nats";
import { touchedByWord } from "../../actors/edge-purge/touched.ts";
import { purgedAspects } from "../../api/cache-policy.ts";
import { sourcesFor } from "../../ops/rehearse/loopback.ts";
import { openLoad } from "../../ops/rehearse/open-load.ts";
import { decodeChange } from "../../projections/changes.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { publicSubject } from "../../streams/subjects.ts";
import { load } from "../http-load.ts";
import { listenToReads, type LogReads } from "../log-reads.ts";
import { productId } from "../mix.ts";
import { type Moment, watchMoment } from "../moments.ts";
import { addNodes, nodeCount } from "../nodes.ts";
import type { Row } from "../report.ts";
import { quantile } from "../rig.ts";
import { openShop, type Shop } from "../shop.ts";
import { sharesOf } from "../turns.ts";

/**
 * Flip: sales of 20 hot products that start and end while three nodes are at 30 % of what they can do: how long after the
 * moment the last node shows the new price, beside how long a node takes to answer at all; and what of it reached the log,
 * or would be purged. The nodes and the owner are on the second core; the load, who asks, the servers and the projector on
 * the first.
 */
const dealCount = 20;
const currency = "GBP";
/** Less than any regular price of the mix. */
const salePrice = 99;
const loadShare = 0.3;
const capacityMs = 3_000;
const connections = 32;
const loadConnections = 192;
const settleMs = 2_000;
/** A sale is known so long before it starts, and lasts so long. */
const knownMs = 2_500;
const lastsMs = 1_500;
/** What reaches the log or an edge so long behind the moment counts as caused by it. */
const causedMs = 500;

export async function flip(sales: number): Promise<readonly Row[]> {
  const shop = await openShop(1_000);
  const connection = await connect({ port: shop.rig.natsPort });
  try {
    const nodes = await addNodes(shop);
    const deals = Array.from({ length: dealCount }, (_, at) => productId(at));
    const reads = listenToReads(connection);
    let asked = 0;
    const path = () => `/api/products/${deals[asked++ % dealCount]}`;
    const capacities = () =>
      Promise.all(nodes.map(({ port }) => load({ port, path, connections, ms: capacityMs })));
    await capacities();
    const capacity = (await capacities()).reduce((sum, { requestsPerSecond }) => sum + requestsPerSecond, 0);

    const over = new AbortController();
    const answered = new Map<string, number>();
    const loading = openLoad({
      targets: nodes,
      sources: sourcesFor(nodes),
      connections: loadConnections,
      rate: () => loadShare * capacity,
      ms: Number.POSITIVE_INFINITY,
      settleMs,
      stop: over.signal,
      next: () => ({ path: path() }),
      onTold({ status, tier }) {
        // What is given up at the end had no time to be answered.
        if (over.signal.aborted) return;
        const by = status === 200 ? tier : "failed";
        answered.set(by, (answered.get(by) ?? 0) + 1);
      },
    });
    const starts: Watched[] = [];
    const ends: Watched[] = [];
    const watch = (at: number, isNew: (amount: number) => boolean) =>
      watchCauses(shop, reads, at, watchMoment({ nodes, ids: deals, isNew, at }));
    await delay(settleMs);
    for (let number = 0; number < sales; number++) {
      const startsAt = Date.now() + knownMs;
      await schedule(shop, `flip-${number}` as Identifier, deals, startsAt);
      starts.push(await watch(startsAt, (amount) => amount === salePrice));
      ends.push(await watch(startsAt + lastsMs, (amount) => amount > salePrice));
    }
    over.abort();
    await loading;
    const load30 = `${nodeCount} nodes at ${loadShare} of ${Math.round(capacity).toLocaleString("en")} requests/s, answered by ${sharesOf(answered)}`;
    return [rowOf("start", starts, load30), rowOf("end", ends, load30)];
  } finally {
    await connection.close();
    await shop.close();
  }
}

async function schedule(
  { rig }: Shop,
  sale: Identifier,
  deals: readonly Identifier[],
  startsAt: number,
): Promise<void> {
  const payload = {
    starts_at: new Date(startsAt).toISOString(),
    ends_at: new Date(startsAt + lastsMs).toISOString(),
    items: deals.map((product_id) => ({ product_id, sale_price: { amount: salePrice, currency } })),
  };
  await rig.catalogue.catalog.append(
    publicSubject("sale.scheduled", sale),
    Buffer.from(JSON.stringify(payload)),
  );
}

interface Watched extends Moment {
  readonly logReads: number;
  /** Products and lists that an edge would be told to forget. */
  readonly purges: number;
}

/** Counts what happens from shortly before the moment to some time behind it. */
async function watchCauses(
  { rig }: Shop,
  reads: LogReads,
  at: number,
  watching: Promise<Moment>,
): Promise<Watched> {
  await delay(Math.max(0, at - causedMs - Date.now()));
  await reads.about("");
  let purges = 0;
  const changes = rig.catalogue.changes.listen({
    hear(bytes) {
      const change = decodeChange(bytes);
      const touched = change && touchedByWord(change, purgedAspects);
      purges += (touched?.products.size ?? 0) + (touched?.lists.size ?? 0);
    },
    missed() {},
  });
  const moment = await watching;
  await delay(Math.max(0, at + causedMs - Date.now()));
  changes.close();
  return { ...moment, logReads: (await reads.about("")).length, purges };
}

function rowOf(what: string, watched: readonly Watched[], load30: string): Row {
  const flipped = watched.map(({ flippedMs }) => flippedMs);
  const answers = watched.flatMap((moment) => moment.answers);
  const took = answers.map(({ askedAt, answeredAt }) => answeredAt - askedAt);
  const sum = (of: (one: Watched) => number) => watched.reduce((all, one) => all + of(one), 0);
  const tiers = new Map<string, number>();
  for (const { tier } of answers) tiers.set(tier, (tiers.get(tier) ?? 0) + 1);
  const worst = Math.max(...flipped);
  return {
    name: `flip, a sale's ${what}, ${dealCount} products, ${nodeCount} nodes`,
    ours: `p50 ${quantile(flipped, 0.5).toFixed(2)} ms, at most ${worst.toFixed(2)} ms until the last node shows it`,
    yardstick: `p50 ${quantile(took, 0.5).toFixed(2)} ms, p99 ${quantile(took, 0.99).toFixed(2)} ms (an answer)`,
    ratio: `${(quantile(flipped, 0.5) / quantile(took, 0.5)).toFixed(2)}`,
    wanted: "at most 5 ms, no log reads, no purges",
    note: `${watched.length} times; ${sum(({ logReads }) => logReads)} log reads, ${sum(({ purges }) => purges)} purges, ${sum(({ early }) => early)} answers too early; asked every millisecond: ${sharesOf(tiers)}, ${sum(({ skipped }) => skipped)} times not asked; ${load30}`,
  };
}
