import { setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Decided } from "../../actors/hot/hot-actors.ts";
import { createHotDecisions, type HotDecisions } from "../../actors/hot/hot-decisions.ts";
import type { HotInput } from "../../actors/hot/hot-input.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { productId } from "../mix.ts";
import type { Row } from "../report.ts";

/**
 * Hot products in one process: what each takes of its memory, beside the JSON of its state, and how many events are
 * decided in a second of CPU, beside what that many products need while nothing but their refreshes
 * happens. Nothing is loaded and nothing written: those are others' work.
 */
const start = 1_700_000_000_000;
/** Its moment, its load, and who holds what was pushed. */
const eventsPerRefresh = 3;
const refreshSeconds = 12;

export async function hotActors(products: number, seconds: number): Promise<readonly Row[]> {
  const ids = Array.from({ length: products }, (_, at) => productId(at));
  // Code is compiled before anything is counted.
  playRefreshes(heatUp(ids.slice(0, 500)), 0.5);
  const before = await heapNow();
  const decisions = heatUp(ids);
  const bytes = ((await heapNow()) - before) / products;
  const json = JSON.stringify(decisions.state(productId(0))).length;
  const perSecond = playRefreshes(decisions, seconds);
  const needed = (eventsPerRefresh * products) / refreshSeconds;
  return [
    {
      name: `hot actors, ${products.toLocaleString("en")} hot products`,
      ours: `${bytes.toFixed(0)} B a product`,
      yardstick: `${json} B of JSON a state`,
      ratio: (bytes / json).toFixed(2),
      wanted: "reported",
      note: "heap grown: states, deadlines, pushes; without values",
    },
    {
      name: "hot actors, events decided",
      ours: `${Math.round(perSecond).toLocaleString("en")} events/s`,
      yardstick: `${Math.round(needed).toLocaleString("en")} events/s (their refreshes)`,
      ratio: (perSecond / needed).toFixed(2),
      wanted: "reported",
      note: `one core; ${(1_000_000 / perSecond).toFixed(0)} µs an event`,
    },
  ];
}

/** All of them hot by an operator's wish, loaded, and held by all of no workers. */
function heatUp(ids: readonly Identifier[]): HotDecisions {
  const decisions = createHotDecisions({ hotMax: ids.length, warmBeforeMs: 300_000 });
  for (const [at, product] of ids.entries()) {
    const command = { command: "add", at: start, product, sequence: at + 1 } as const;
    const take = (input: HotInput) => decisions.take(input, { at: start + at, clock: at });
    take({ kind: "command", command });
    while (decisions.state(product) === undefined) take({ kind: "time" });
    take({ kind: "loaded", id: product, sequence: 1, isLarge: false });
    if (decisions.state(product)?.value !== "hot.fresh") throw new Error(`${product} did not become hot`);
  }
  return decisions;
}

/** Refreshes in simulated time, for so many seconds of the real one. Returns events decided a second of CPU. */
function playRefreshes(decisions: HotDecisions, seconds: number): number {
  let events = 0;
  let clock = 1_000_000;
  const take = (input: HotInput): Decided => decisions.take(input, { at: start + clock, clock });
  const began = process.cpuUsage();
  const until = performance.now() + 1_000 * seconds;
  while (performance.now() < until) {
    clock += decisions.waitMs({ at: start + clock, clock });
    for (const { kind, id } of take({ kind: "time" }).todo) {
      if (kind !== "load") continue;
      take({ kind: "loaded", id, sequence: 2, isLarge: false });
      events += eventsPerRefresh;
    }
  }
  const { user, system } = process.cpuUsage(began);
  if (events === 0) throw new Error("nothing was decided");
  return events / ((user + system) / 1_000_000);
}

/** The heap without what nobody holds. */
async function heapNow(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let times = 0; times < 5; times++) {
    collect();
    await delay(100);
  }
  return process.memoryUsage().heapUsed;
}
