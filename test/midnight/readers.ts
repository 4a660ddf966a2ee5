import { createRandom } from "../../ops/demo/random.ts";
import { sourcesFor } from "../../ops/rehearse/loopback.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { type AskedNode, createNode, lanes, type Reply } from "../outages/asking.ts";
import { byTheClock } from "../outages/clock-work.ts";
import { type Spread, spreadOf } from "../outages/phases.ts";
import type { Publishing } from "../outages/publishing.ts";
import { note, nothingSeen, type Seen } from "../outages/seen.ts";
import { createSightings } from "../outages/sightings.ts";
import type { ApiNode } from "./night.ts";
import type { Plan } from "./plan.ts";

/** People on both nodes before, at and after the start, by the clock, whatever becomes of them; and what was wrong for them. */
export interface Readers {
  begin(): void;
  /** When the sale starts, in milliseconds since 1970. */
  starts(at: number): void;
  /** Resolves when the last answer is there. */
  stop(): Promise<ReaderFigures>;
}

export interface ReaderFigures {
  readonly reads: number;
  /** Who had no answer, since the node was dead, and asked the other one. */
  readonly movedOn: number;
  /** Answers marked as degraded. */
  readonly degraded: number;
  /** Answers of deals behind the start. */
  readonly deals: number;
  /** How long after the start the latest one asked to whom the regular price was shown; 0: nobody. */
  readonly lastOldMs: number;
  readonly latencyMs: Spread;
  /** 5xx, the default product, no answer of a node that lives, an answer without a price. */
  readonly failures: Seen;
  /** The regular price more than 50 ms behind the start, or the sale's before it. */
  readonly mistimed: Seen;
  readonly wentBack: Seen;
  /** Answers that lack what they were to include. */
  readonly older: Seen;
}

/** Of those who ask, those who name the newest change that they know of. */
const namingShare = 0.25;
const lateMs = 50;

export function createReaders(options: {
  readonly nodes: readonly ApiNode[];
  readonly plan: Plan;
  readonly perSecond: number;
  readonly newest: Publishing["newest"];
}): Readers {
  const { nodes, plan, perSecond, newest } = options;
  const asked = nodes.map((node) => ({ node, asking: askingOf(node) }));
  const salePrices = new Map<string, number>(plan.deals.map((deal) => [deal.id, deal.salePrice]));
  const random = createRandom(5, -3);
  const sightings = createSightings();
  const counts = { reads: 0, movedOn: 0, degraded: 0, deals: 0, lastOldMs: 0 };
  const latencies: number[] = [];
  const failures = nothingSeen();
  const mistimed = nothingSeen();
  const older = nothingSeen();
  const underWay = new Set<Promise<void>>();
  let startsAt = Infinity;
  let end = (): void => {};

  /** On the clock of the nodes, which is this machine's. */
  const wallOf = (moment: number) => moment + (Date.now() - performance.now());
  const since = (moment: number) => Math.round(wallOf(moment) - startsAt);

  function judgePrice(product: Identifier, amount: number, reply: Reply): void {
    const salePrice = salePrices.get(product);
    if (salePrice === undefined) return;
    const [askedAt, hereAt] = [since(reply.began), since(reply.ended)];
    if (askedAt >= 0) counts.deals++;
    if (amount === salePrice && hereAt < 0)
      note(mistimed, "early", told(reply, `the sale's price at ${hereAt} ms`));
    if (amount === salePrice || askedAt < 0) return;
    counts.lastOldMs = Math.max(counts.lastOldMs, askedAt);
    if (askedAt > lateMs) note(mistimed, "late", told(reply, `the regular price ${amount} at ${askedAt} ms`));
  }

  function judge(product: Identifier, known: Known, min: number | undefined, reply: Reply): void {
    const { status, tier, text, body, position = 0 } = reply;
    const fail = (kind: string) =>
      note(failures, kind, told(reply, `${kind} at ${since(reply.began)} ms ${text}`));
    if (status !== 200) return fail(status === 0 ? "no answer" : String(status));
    if (tier === "default") return fail("default");
    if (body?.price == null || body.inventory == null) return fail("no price or no stock");
    if (body.degraded === true) counts.degraded++;
    judgePrice(product, body.price.amount, reply);
    sightings.see(reply);
    if (min === undefined) return;
    const lacks = body.price.version < known.price || body.inventory.version < known.stock;
    if (position < min || lacks)
      note(older, "older", told(reply, `up to ${position}, ${JSON.stringify(body.price)}; asked for ${min}`));
  }

  async function read(turn: number): Promise<void> {
    const product = plan.wanted(turn);
    const known = {
      price: newest("price", product)?.sequence ?? 0,
      stock: newest("stock", product)?.sequence ?? 0,
    };
    const newestOf = Math.max(known.price, known.stock);
    const min = newestOf > 0 && random.chance(namingShare) ? newestOf : undefined;
    const path = `/api/products/${encodeURIComponent(product)}`;
    const lane = random.between(0, lanes - 1);
    const first = random.between(0, 1);
    const began = performance.now();
    for (const { node, asking } of [asked[first], asked[1 - first]].filter((one) => one !== undefined)) {
      const reply = await asking.ask(path, lane, min);
      if (reply.status === 0 && node.wasDead(reply.began, reply.ended)) {
        counts.movedOn++;
        continue;
      }
      counts.reads++;
      latencies.push(performance.now() - began);
      judge(product, known, min, reply);
      return;
    }
    note(failures, "nobody", `${path}: no node answered`);
  }

  return {
    begin() {
      end = byTheClock(perSecond, (turn) => {
        const one = read(turn).finally(() => underWay.delete(one));
        underWay.add(one);
      });
    },
    starts(at) {
      startsAt = at;
    },
    async stop() {
      end();
      await Promise.all(underWay);
      const { wentBack } = sightings;
      return { ...counts, latencyMs: spreadOf(latencies), failures, mistimed, wentBack, older };
    },
  };
}

interface Known {
  readonly price: number;
  readonly stock: number;
}

/** From several addresses, since what one asks for alone makes nothing hot. */
function askingOf({ name, url }: ApiNode): AskedNode {
  const { hostname, port } = new URL(url);
  return createNode(name, url, sourcesFor([{ hostname, port: Number(port) }]));
}

function told({ node, path, tier }: Reply, what: string): string {
  return `GET ${path} on ${node} from ${tier}: ${what}`;
}
