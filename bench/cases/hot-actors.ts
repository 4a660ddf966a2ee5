import { setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createHotDecisions, type Decided, type HotDecisions } from "../../actors/hot/hot-decisions.ts";
import { encodeTransition } from "../../actors/hot/transitions.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { productId } from "../mix.ts";
import type { Row } from "../report.ts";

/**
 * Hot products in one process: what each takes of its memory, beside the JSON of its state, and how many events are
 * decided in a second of CPU, transitions encoded, beside what that many products need while nothing but their refreshes
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
      note: `one core; ${(1_000_000 / perSecond).toFixed(0)} µs an event, its transition encoded`,
    },
  ];
}

/** All of them hot by an operator's wish, loaded, and held by all of no workers. */
function heatUp(ids: readonly Identifier[]): HotDecisions {
  const decisions = createHotDecisions({ hotMax: ids.length, warmBeforeMs: 300_000 });
  for (const [at, product] of ids.entries()) {
    const command = { command: "add", at: start, product, sequence: at + 1 } as const;
    decisions.take({ kind: "command", command }, start + at);
    decisions.take({ kind: "loaded", id: product, sequence: 1 }, start + at);
    if (decisions.state(product)?.value !== "hot.fresh") throw new Error(`${product} did not become hot`);
  }
  return decisions;
}

/** Refreshes in simulated time, for so many seconds of the real one. Returns transitions a second of CPU. */
function playRefreshes(decisions: HotDecisions, seconds: number): number {
  let transitions = 0;
  let bytes = 0;
  const count = ({ transitions: told }: Decided) => {
    transitions += told.length;
    for (const one of told) bytes += encodeTransition(one).length;
  };
  const began = process.cpuUsage();
  const until = performance.now() + 1_000 * seconds;
  while (performance.now() < until) {
    const now = decisions.next();
    if (now === undefined) throw new Error("nothing is refreshed");
    const decided = decisions.take({ kind: "time" }, now);
    count(decided);
    for (const { kind, id } of decided.todo)
      if (kind === "load") count(decisions.take({ kind: "loaded", id, sequence: 2 }, now));
  }
  const { user, system } = process.cpuUsage(began);
  if (bytes === 0) throw new Error("nothing was decided");
  return transitions / ((user + system) / 1_000_000);
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
