import { createRandom } from "../../ops/demo/random.ts";
import { createNode, lanes, type Reply } from "../outages/asking.ts";
import { byTheClock } from "../outages/clock-work.ts";
import { type Spread, spreadOf } from "../outages/phases.ts";
import type { Shop } from "../outages/shop.ts";

const failuresMax = 10;

/** People who look at products through the edge, by the clock, and go to a node where the edge does not answer. */
export interface Readers {
  /** Begins the count anew and returns what was counted until now. */
  take(): ReadCounts;
  stop(): Promise<void>;
}

export interface ReadCounts {
  readonly reads: number;
  /** Answered by a node, past the edge. */
  readonly direct: number;
  /** Refused with 503 and `Retry-After`: the API carried what it could. */
  readonly shed: number;
  /** Neither an answer nor a refusal that says when to come back. */
  readonly failed: number;
  /** The first of these, in words. */
  readonly failures: readonly string[];
  readonly latencyMs: Spread;
}

export function createReaders(options: {
  readonly shop: Shop;
  readonly edgeUrl: string;
  readonly nodes: readonly string[];
  readonly perSecond: number;
}): Readers {
  const { shop, edgeUrl, nodes, perSecond } = options;
  const edge = createNode("edge", edgeUrl);
  const behind = nodes.map((url, at) => createNode(`node ${at}`, url));
  const random = createRandom(3, -9);
  const underWay = new Set<Promise<void>>();
  const nothing = () => ({ reads: 0, direct: 0, shed: 0, failed: 0, failures: [] as string[] });
  let counts = nothing();
  let latencies: number[] = [];

  async function read(turn: number): Promise<void> {
    const path = `/api/products/${encodeURIComponent(shop.popular(random))}`;
    const lane = turn % lanes;
    const began = performance.now();
    let reply: Reply | undefined = await edge.ask(path, lane);
    if (reply.status === 0) {
      reply = await behind[turn % behind.length]?.ask(path, lane);
      counts.direct++;
    }
    counts.reads++;
    latencies.push(performance.now() - began);
    if (reply?.status === 503) counts.shed++;
    else if (reply?.status !== 200) {
      counts.failed++;
      if (counts.failures.length < failuresMax)
        counts.failures.push(`${reply?.node} ${path}: ${reply?.status} ${reply?.text}`);
    }
  }

  const end = byTheClock(perSecond, (turn) => {
    const one = read(turn).finally(() => underWay.delete(one));
    underWay.add(one);
  });
  return {
    take() {
      const taken = { ...counts, latencyMs: spreadOf(latencies) };
      counts = nothing();
      latencies = [];
      return taken;
    },
    async stop() {
      end();
      await Promise.all(underWay);
    },
  };
}
