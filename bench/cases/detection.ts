import { setTimeout as delay } from "node:timers/promises";
import { decodeHeatWord } from "../../actors/hot/heat-word.ts";
import { decodeHeldWord, decodeHotWord } from "../../actors/hot/hot-word.ts";
import type { Catalogue } from "../../ops/catalogue.ts";
import type { Target } from "../../ops/rehearse/connection.ts";
import { sourcesFor } from "../../ops/rehearse/loopback.ts";
import { openLoad } from "../../ops/rehearse/open-load.ts";
import { followTransitions, type Transition } from "../../ops/rehearse/transitions.ts";
import { keys } from "../../projections/redis/keys.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { heatReports } from "../heat-reports.ts";
import { productId } from "../mix.ts";
import { addNodes, nodeCount } from "../nodes.ts";
import { createRandom } from "../random.ts";
import type { Row } from "../report.ts";
import { quantile } from "../rig.ts";
import { openShop } from "../shop.ts";
import { openWallClock } from "../wall-clock.ts";

/**
 * Detection: bursts on one cold product after the other, at three nodes and from several addresses, in an open loop: from
 * the first request of a burst until every node has confirmed that it holds the value that was pushed to it. Every other
 * product was evicted from Redis before, so that its value is loaded from the log. The nodes and the owner are on the
 * second core; the load, this listener, the servers and the projector on the first.
 */
const products = 10_000;
const burstPerSecond = 1_000;
const burstMs = 300;
const periodMs = 700;
/** Bursts begin anywhere within what nodes and owner do at regular times. */
const spreadMs = 200;
/** Between bursts, over so many products that none of them is hot. */
const calmPerSecond = 200;
const calmProducts = 400;
const connections = 96;
const settleMs = 2_000;

export async function detection(bursts: number): Promise<readonly Row[]> {
  const shop = await openShop(products);
  try {
    const nodes = await addNodes(shop);
    const { catalogue } = shop.rig;
    const all = Array.from({ length: bursts }, (_, at): Burst => newBurst(productId(calmProducts + at)));
    const evicted = all.filter((_, at) => at % 2 === 1);
    for (const { id } of evicted) await catalogue.redis.del(keys.registers(id));
    const transitions = await followTransitions(
      { hot: catalogue.hot, values: catalogue.hotValues },
      all.map(({ id }) => id),
    );
    const failed = await play(all, nodes, catalogue);
    await transitions.close();
    const known = all.filter((_, at) => at % 2 === 0);
    return [
      rowOf("in Redis", known, transitions.seen, failed),
      rowOf("evicted from Redis", evicted, transitions.seen, failed),
      await heatReports(catalogue.heat),
    ];
  } finally {
    await shop.close();
  }
}

/** Moments are in milliseconds since 1970; infinite: it did not come. */
interface Burst {
  readonly id: Identifier;
  /** When its first request was sent. */
  askedAt: number;
  /** When a node's report first named it. */
  toldAt: number;
  /** When its value was heard of that every node then held, and when the last of them said so. */
  pushedAt: number;
  heldAt: number;
}

const newBurst = (id: Identifier): Burst => ({
  id,
  askedAt: Number.POSITIVE_INFINITY,
  toldAt: Number.POSITIVE_INFINITY,
  pushedAt: Number.POSITIVE_INFINITY,
  heldAt: Number.POSITIVE_INFINITY,
});

/** Returns how many requests were not answered with 200. */
async function play(
  all: readonly Burst[],
  targets: readonly Target[],
  catalogue: Catalogue,
): Promise<number> {
  const wallNow = openWallClock();
  const listening = listenFor(new Map(all.map((burst) => [burst.id, burst])), catalogue, wallNow);
  const random = createRandom(1);
  const begins = all.map((_, at) => at * periodMs + Math.floor(random() * spreadMs));
  const burstAt = (at: number): Burst | undefined => {
    const number = Math.floor(at / periodMs);
    const since = at - (begins[number] ?? at + 1);
    return since >= 0 && since < burstMs ? all[number] : undefined;
  };
  let calm = 0;
  let failed = 0;
  await openLoad({
    targets,
    sources: sourcesFor(targets),
    connections,
    rate: (at) => (burstAt(at) === undefined ? calmPerSecond : burstPerSecond),
    ms: all.length * periodMs,
    settleMs,
    next(at) {
      const burst = burstAt(at);
      if (burst?.askedAt === Number.POSITIVE_INFINITY) burst.askedAt = wallNow();
      return { path: `/api/products/${burst?.id ?? productId(calm++ % calmProducts)}` };
    },
    onTold({ status }) {
      if (status !== 200) failed++;
    },
  });
  await delay(settleMs);
  for (const each of listening) each.close();
  return failed;
}

/** Notes when each burst was told of, pushed, and held. */
function listenFor(
  bursts: ReadonlyMap<string, Burst>,
  { heat, hotValues, hotHeld }: Catalogue,
  wallNow: () => number,
) {
  const pushes = new Map<number, { readonly burst: Burst; readonly at: number; readonly by: Set<string> }>();
  const missed = () => {};
  const never = Number.POSITIVE_INFINITY;

  function hearHeat(bytes: Uint8Array): void {
    for (const { key } of decodeHeatWord(bytes)?.products ?? []) {
      const burst = bursts.get(key);
      if (burst?.toldAt === never) burst.toldAt = wallNow();
    }
  }

  function hearValue(bytes: Uint8Array): void {
    const word = decodeHotWord(bytes);
    const burst = word?.kind === "value" ? bursts.get(word.id) : undefined;
    if (word?.kind === "value" && burst?.heldAt === never)
      pushes.set(word.push, { burst, at: wallNow(), by: new Set() });
  }

  function hearHeld(bytes: Uint8Array): void {
    const word = decodeHeldWord(bytes);
    for (const number of word?.held ?? []) {
      const push = pushes.get(number);
      if (word === undefined || push?.burst.heldAt !== never) continue;
      push.by.add(word.by);
      if (push.by.size < nodeCount) continue;
      push.burst.pushedAt = push.at;
      push.burst.heldAt = wallNow();
    }
  }

  return [
    heat.listen({ hear: hearHeat, missed }),
    hotValues.listen({ hear: hearValue, missed }),
    hotHeld.listen({ hear: hearHeld, missed }),
  ];
}

function rowOf(
  where: string,
  bursts: readonly Burst[],
  transitions: readonly Transition[],
  failed: number,
): Row {
  /** The owner's own moments are whole milliseconds. */
  const ownerAt = (event: string) => {
    const at = new Map<Identifier, number>();
    for (const one of transitions)
      if (one.event === event && !at.has(one.product)) at.set(one.product, one.at);
    return (burst: Burst) => at.get(burst.id) ?? Number.POSITIVE_INFINITY;
  };
  const after = (momentOf: (burst: Burst) => number) =>
    bursts.map((burst) => momentOf(burst) - burst.askedAt);
  const figures = (values: readonly number[]) =>
    `p50 ${quantile(values, 0.5).toFixed(1)} ms, p99 ${quantile(values, 0.99).toFixed(1)} ms`;
  const held = after(({ heldAt }) => heldAt);
  const told = after(({ toldAt }) => toldAt);
  const steps = [
    `decided ${figures(after(ownerAt("heated")))}`,
    `loaded ${figures(after(ownerAt("loaded")))}`,
    `pushed ${figures(after(({ pushedAt }) => pushedAt))}`,
  ];
  const ratio = (share: number) => (quantile(held, share) / quantile(told, share)).toFixed(2);
  return {
    name: `detection, ${burstPerSecond.toLocaleString("en")} reads/s on a cold product that is ${where}, ${nodeCount} nodes`,
    ours: figures(held),
    yardstick: `${figures(told)} (a node tells of it)`,
    ratio: `${ratio(0.5)} and ${ratio(0.99)}`,
    wanted: "p99 at most 100 ms",
    note: `${bursts.length} bursts of ${burstMs} ms; ${steps.join("; ")}; ${failed} requests not answered with 200`,
  };
}
