import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { crashRun } from "./retail.ts";

/**
 * `npm run crash -- [--trials 20] [--kills 4] [--seed 1] [--files 9]`: crash runs over the real invoices, one
 * after the other; the short form of one is part of `npm test`.
 */
const { values } = parseArgs({
  options: {
    trials: { type: "string", default: "20" },
    kills: { type: "string", default: "4" },
    seed: { type: "string", default: "1" },
    files: { type: "string", default: "9" },
  },
});

const folder = "../shared/data/online-retail";
const files = readdirSync(folder)
  .filter((file) => file.endsWith(".csv.gz"))
  .sort()
  .slice(0, Number(values.files))
  .map((file) => join(folder, file));

let failed = 0;
let expected: number | undefined;
for (let trial = 0; trial < Number(values.trials); trial++) {
  let state = Number(values.seed) + trial;
  // Mulberry32, by Tommy Ettinger.
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const killed: string[] = [];
  const started = performance.now();
  const result = await crashRun({
    files,
    kills: Number(values.kills),
    pauseMs: 8_000,
    random,
    onKill: (victim) => killed.push(victim),
  });
  expected ??= result.events;
  const clean = result.differences === 0 && result.published === 0 && result.events === expected;
  if (!clean) failed++;
  const seconds = Math.round((performance.now() - started) / 1_000);
  process.stdout.write(
    `${JSON.stringify({ seed: Number(values.seed) + trial, clean, ...result, seconds, killed })}\n`,
  );
}
process.stdout.write(`${Number(values.trials) - failed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
