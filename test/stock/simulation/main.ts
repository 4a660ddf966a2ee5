import { parseArgs } from "node:util";
import { planOf } from "./plan.ts";
import { run } from "./run.ts";

/** `node test/stock/simulation/main.ts [--seeds 2000] [--from 1]`: runs seeds, and says which break what. */
const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "2000" },
    from: { type: "string", default: "1" },
  },
});
const from = Number(values.from);
const seeds = Number(values.seeds);
const startedAt = performance.now();
let failed = 0;
for (let seed = from; seed < from + seeds; seed++) {
  const broken = await run(planOf(seed));
  if (broken === undefined) continue;
  failed++;
  if (failed <= 10) process.stdout.write(`seed ${seed}: ${broken}\n`);
}
const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
process.stdout.write(`${seeds - failed} passed, ${failed} failed, in ${seconds} s\n`);
if (failed > 0) process.exitCode = 1;
