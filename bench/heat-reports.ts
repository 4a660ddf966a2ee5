import { mock } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { decodeHeatWord } from "../actors/hot/heat-word.ts";
import { createHotDecisions } from "../actors/hot/hot-decisions.ts";
import { addressCaller } from "../api/heat/caller.ts";
import { createReadHeat } from "../api/heat/heat.ts";
import { productEndpoint } from "../api/heat/observing.ts";
import type { Broadcast } from "../streams/broadcast.ts";
import { productId } from "./mix.ts";
import { createRandom } from "./random.ts";
import type { Row } from "./report.ts";
import { median } from "./rig.ts";

/**
 * What telling of heat takes of a node's core: the same reads in simulated time, counted and told of, beside counted
 * alone, each in turn. The timers are simulated as well, so that a minute takes a second of processor; each word leaves
 * by a real connection, in a turn of the event loop for itself.
 */
const warmProducts = 300;
const readersCount = 200;
const readsPerSecond = 4_000;
const seconds = 60;
const turns = 5;
const stepMs = 5;

export async function heatReports(words: Broadcast): Promise<Row> {
  const telling: number[] = [];
  const counting: number[] = [];
  let said: readonly Uint8Array[] = [];
  await play(words, true);
  for (let each = 0; each < turns; each++) {
    const alone = await play(words, false);
    const told = await play(words, true);
    said = told.said;
    counting.push(alone.cpuMs / (1_000 * seconds));
    telling.push((told.cpuMs - alone.cpuMs) / (1_000 * seconds));
  }
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  const bytes = said.reduce((sum, { length }) => sum + length, 0) / said.length;
  return {
    name: `heat reports, ${warmProducts} warm products, ${readsPerSecond.toLocaleString("en")} reads/s in a worker`,
    ours: `${percent(median(telling))} of a core`,
    yardstick: `${percent(median(counting))} (the reads counted)`,
    ratio: (median(telling) / median(counting)).toFixed(2),
    wanted: "under 1 % of a core",
    note: `${(said.length / seconds).toFixed(0)} words/s of ${Math.round(bytes).toLocaleString("en")} B; to hear them takes ${percent(hearingOf(said))} of the owner's core`,
  };
}

async function play(words: Broadcast, tells: boolean) {
  const random = createRandom(7);
  const readers = Array.from({ length: readersCount }, (_, at) => addressCaller(`192.0.2.${at}`));
  const reader = () => readers[Math.floor(random() * readersCount)] ?? addressCaller("none");
  const said: Uint8Array[] = [];
  let now = 0;
  mock.timers.enable({ apis: ["setInterval", "setTimeout"] });
  try {
    const heat = createReadHeat({
      by: "bench",
      holds: false,
      words: {
        publish(bytes) {
          said.push(bytes);
          words.publish(bytes);
        },
        listen: (listener) => words.listen(listener),
      },
      clock: () => now,
    });
    const began = process.cpuUsage();
    for (; now < 1_000 * seconds; now += stepMs) {
      for (let read = 0; read < (readsPerSecond * stepMs) / 1_000; read++)
        heat.asked(reader(), productEndpoint, productId(Math.floor(random() * warmProducts)));
      if (tells) mock.timers.tick(stepMs);
      await turn();
    }
    const { user, system } = process.cpuUsage(began);
    heat.close();
    return { cpuMs: (user + system) / 1_000, said };
  } finally {
    mock.timers.reset();
  }
}

/** Decided by an owner that has heard of all of them before. */
function hearingOf(said: readonly Uint8Array[]): number {
  const decisions = createHotDecisions({ hotMax: 1_000, warmBeforeMs: 300_000 });
  const everyMs = (1_000 * seconds) / said.length;
  let began = process.cpuUsage();
  for (const [at, bytes] of [...said, ...said].entries()) {
    if (at === said.length) began = process.cpuUsage();
    const word = decodeHeatWord(bytes);
    const moment = { at: at * everyMs, clock: at * everyMs };
    if (word !== undefined) decisions.take({ kind: "heat", word: { ...word, count: at + 1 } }, moment);
    decisions.take({ kind: "time" }, moment);
  }
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1_000 / (1_000 * seconds);
}
