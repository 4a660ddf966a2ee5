import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { decodeHeatWord } from "../../actors/hot/heat-word.ts";
import { createHotDecisions } from "../../actors/hot/hot-decisions.ts";
import { addressCaller } from "../../api/heat/caller.ts";
import { countedBy } from "../../api/heat/heat-counter.ts";
import { createReadHeat, type ReadHeat } from "../../api/heat/heat.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { createMemoryBroadcast } from "../../streams/memory-broadcast.ts";

/** From a burst's first read to the owner's decision, by a simulated clock: what workers and owner wait for, and nothing else. */

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

const lamp = "lamp" as Identifier;
const readers = Array.from({ length: 16 }, (_, at) => addressCaller(`192.0.2.${at}`));
const anything = countedBy("GET /");
const wordMs = 50;

/** The workers' regular words come at moments that are spread over `wordMs`, and at `phase` behind the burst's begin. */
function detectedAfterMs(workers: number, readsPerSecond: number, phase: number): number {
  const words = createMemoryBroadcast();
  const decisions = createHotDecisions({ hotMax: 10, warmBeforeMs: 300_000 });
  let from = Number.POSITIVE_INFINITY;
  let after: number | undefined;
  words.listen({
    hear(bytes) {
      const word = decodeHeatWord(bytes);
      if (word === undefined) return;
      const clock = performance.now();
      const moment = { at: clock, clock };
      decisions.take({ kind: "heat", word }, moment);
      const { todo } = decisions.take({ kind: "time" }, moment);
      if (todo.some(({ kind }) => kind === "load")) after ??= performance.now() - from;
    },
    missed() {},
  });
  const all: ReadHeat[] = [];
  for (let ms = 0; ms < wordMs; ms++) {
    while (all.length < Math.ceil(((ms + 1) * workers) / wordMs) && all.length < workers)
      all.push(createReadHeat({ by: `${all.length}`, holds: true, words, clock: () => performance.now() }));
    vi.advanceTimersByTime(1);
  }
  vi.advanceTimersByTime(1_000 + phase);
  from = performance.now();
  for (let reads = 0; after === undefined && reads < 2_000; reads++) {
    const due = from + (1_000 * reads) / readsPerSecond;
    while (performance.now() < Math.floor(due)) vi.advanceTimersByTime(1);
    all[reads % workers]?.asked(
      readers[Math.floor(reads / workers) % 16] ?? addressCaller("none"),
      anything,
      lamp,
    );
  }
  for (const each of all) each.close();
  return after ?? Number.POSITIVE_INFINITY;
}

test.each([
  // Fifty a second are 29 reads within the half-life of 400 ms.
  { workers: 1, readsPerSecond: 1_000, mostMs: 45 },
  { workers: 3, readsPerSecond: 1_000, mostMs: 45 },
  { workers: 12, readsPerSecond: 1_000, mostMs: 55 },
  { workers: 3, readsPerSecond: 300, mostMs: 125 },
])("$readsPerSecond reads a second shared by $workers workers are found within $mostMs ms", (burst) => {
  const { workers, readsPerSecond, mostMs } = burst;
  const phases = Array.from({ length: wordMs / 5 }, (_, at) => 5 * at);
  const found = phases.map((phase) => detectedAfterMs(workers, readsPerSecond, phase));
  expect(Math.min(...found)).toBeGreaterThan(28_000 / readsPerSecond);
  expect(Math.max(...found)).toBeLessThanOrEqual(mostMs);
});
