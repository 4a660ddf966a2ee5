import { setTimeout as delay } from "node:timers/promises";
import { openReader, type Reader } from "./http-load.ts";
import type { Service } from "./services.ts";
import { openWallClock } from "./wall-clock.ts";

/**
 * A moment at which prices change by the clock, as each node shows it: one of the products is asked for every millisecond
 * at each node, on connections of its own.
 */
export interface Moment {
  /** How long after the moment the last of the nodes had shown a new price behind its last old one; infinite: one did not. */
  readonly flippedMs: number;
  /** New prices that were answered before the moment. */
  readonly early: number;
  readonly answers: readonly Told[];
  /** Not asked, since all connections to the node were in use. */
  readonly skipped: number;
}

export interface Told {
  readonly node: number;
  /** Milliseconds since 1970: sent, and answered to the last byte. */
  readonly askedAt: number;
  readonly answeredAt: number;
  readonly isNew: boolean;
  readonly tier: string;
}

export interface MomentOptions {
  readonly nodes: readonly Service[];
  /** Which cost more or less from the moment on. */
  readonly ids: readonly string[];
  /** Minor units. */
  readonly isNew: (amount: number) => boolean;
  /** Milliseconds since 1970. */
  readonly at: number;
}

const everyMs = 1;
const lanes = 8;
const aheadMs = 50;
const behindMs = 200;

export async function watchMoment({ nodes, ids, isNew, at }: MomentOptions): Promise<Moment> {
  await delay(Math.max(0, at - 2 * aheadMs - Date.now()));
  const free = await Promise.all(
    nodes.map(({ port }) => Promise.all(Array.from({ length: lanes }, () => openReader(port)))),
  );
  const opened = free.flat();
  const now = openWallClock();
  const answers: Told[] = [];
  const underWay = new Set<Promise<void>>();
  let skipped = 0;

  async function ask(reader: Reader, node: number, id: string): Promise<void> {
    const askedAt = now();
    const { body, tier } = await reader.get(`/api/products/${id}`);
    const answeredAt = now();
    const amount = Number(/"price":\{"amount":(\d+)/.exec(body.toString())?.[1]);
    answers.push({ node, askedAt, answeredAt, isNew: isNew(amount), tier });
    free[node]?.push(reader);
  }

  let turn = 0;
  for (let due = at - aheadMs; due < at + behindMs; await delay(everyMs)) {
    for (const until = now(); due < until; due += everyMs) {
      const id = ids[turn++ % ids.length] ?? "";
      for (const node of nodes.keys()) {
        const reader = free[node]?.shift();
        if (reader === undefined) {
          skipped++;
          continue;
        }
        const asking = ask(reader, node, id).finally(() => underWay.delete(asking));
        underWay.add(asking);
      }
    }
  }
  await Promise.all(underWay);
  for (const { close } of opened) close();
  const flipped = [...nodes.keys()].map((node) => flippedAt(answers.filter((told) => told.node === node)));
  const early = answers.filter((told) => told.isNew && told.answeredAt < at).length;
  return { flippedMs: Math.max(...flipped) - at, early, answers, skipped };
}

function flippedAt(answers: readonly Told[]): number {
  const lastOld = Math.max(...answers.filter(({ isNew }) => !isNew).map(({ askedAt }) => askedAt));
  const behind = answers.filter(({ isNew, askedAt }) => isNew && askedAt > lastOld);
  return Math.min(...behind.map(({ answeredAt }) => answeredAt));
}
