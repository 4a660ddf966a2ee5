import { Agent, get } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { Target } from "./connection.ts";
import { pathOf } from "./traffic.ts";

/**
 * A sale's start or end as readers see it, who ask each node every 5 ms, over several connections, since a node deals them
 * out to threads that flip each by itself. Judged by this machine's clock.
 */
export interface Flip {
  readonly asked: number;
  /** No answer, or none with a price. */
  readonly failed: number;
  /** Answers with the new price that were there before the moment. */
  readonly early: number;
  /** How long after the moment the latest one asked to whom the old price was shown; 0: nobody. */
  readonly lastOldMs: number;
  /** How long after the moment the last of all connections had shown the new price; undefined: not all did. */
  readonly flippedMs: number | undefined;
}

export interface FlipOptions {
  readonly nodes: readonly Target[];
  /** What each deal costs before and after. */
  readonly prices: readonly { readonly id: string; readonly before: number; readonly after: number }[];
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly stop: AbortSignal;
}

const lanes = 4;
const everyMs = 20;
const aheadMs = 300;
const behindMs = 2_000;
const answerMsMax = 5_000;

export async function watchFlip({ nodes, prices, at, stop }: FlipOptions): Promise<Flip> {
  const seen = { asked: 0, failed: 0, early: 0, lastOldMs: 0 };
  const begins = at - aheadMs;
  await delay(Math.max(0, begins - Date.now()), undefined, { signal: stop }).catch(() => {});

  async function watch(node: Target, lane: number): Promise<number | undefined> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    let flippedMs: number | undefined;
    let turn = lane;
    let due = begins + (lane * everyMs) / lanes;
    while (due < at + behindMs && !stop.aborted) {
      await delay(Math.max(0, due - Date.now()));
      const price = prices[turn++ % prices.length];
      if (price === undefined) break;
      const askedAt = Date.now();
      const amount = await amountOf(node, price.id, agent);
      const answeredAt = Date.now();
      seen.asked++;
      if (amount === price.after) {
        if (answeredAt < at) seen.early++;
        else flippedMs ??= answeredAt - at;
      } else if (amount === price.before) seen.lastOldMs = Math.max(seen.lastOldMs, askedAt - at);
      else seen.failed++;
      // A slow answer is not followed by several at once.
      due = Math.max(due + everyMs, answeredAt);
    }
    agent.destroy();
    return flippedMs;
  }

  const watched = nodes.flatMap((node) => Array.from({ length: lanes }, (_, lane) => watch(node, lane)));
  const all = await Promise.all(watched);
  const flipped = all.filter((ms) => ms !== undefined);
  return { ...seen, flippedMs: flipped.length === all.length ? Math.max(...flipped) : undefined };
}

function amountOf({ hostname, port }: Target, id: string, agent: Agent): Promise<number | undefined> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    const request = get({ hostname, port, path: pathOf(id), agent, timeout: answerMsMax }, (response) => {
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", () => resolve(undefined));
      response.on("end", () => resolve(amountIn(Buffer.concat(parts).toString())));
    });
    request.on("error", () => resolve(undefined));
    request.on("timeout", () => request.destroy());
  });
}

function amountIn(text: string): number | undefined {
  try {
    return (JSON.parse(text) as { readonly price?: { readonly amount: number } | null }).price?.amount;
  } catch {
    return undefined;
  }
}
