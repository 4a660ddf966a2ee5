import { parseArgs } from "node:util";
import { Refused } from "../../ops/refused.ts";
import { type Fault, faults, nothing } from "./faults.ts";
import { openReport, type Report } from "./report.ts";
import { runTrial, type TrialResult } from "./trial.ts";

/**
 * `npm run midnight -- [--fault NAME ...] [--trials N] [--seed N] [--report FILE]`: the start of a sale with each fault, or
 * with those named, N times (default 1), by seeds that count up from the one given (default 1). For each seed a trial without
 * a fault comes first: what is hot in the end must be the same. The short form is part of `npm test`.
 *
 * A line of JSON for each goes to stdout, and a report is brought up to date behind it. Exits non-zero when a trial was not
 * clean.
 */
const load = { products: 2_000, readsPerSecond: 360, changesPerSecond: 30 };

interface Plan {
  readonly chosen: readonly Fault[];
  readonly seeds: readonly number[];
  readonly report: Report | undefined;
}

function planOf(words: readonly string[]): Plan {
  const known = faults.map(({ name }) => name);
  const { values } = parseArgs({
    args: [...words],
    options: {
      fault: { type: "string", multiple: true, default: known },
      trials: { type: "string", default: "1" },
      seed: { type: "string", default: "1" },
      report: { type: "string" },
    },
  });
  const unknown = values.fault.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Refused(`there is no fault "${unknown}"; there are ${known.join(", ")}`);
  for (const name of ["trials", "seed"] as const) {
    if (!/^[1-9]\d{0,5}$/.test(values[name]))
      throw new Refused(`--${name} ${values[name]}: must be a whole number from 1 to 999999`);
  }
  return {
    chosen: faults.filter(({ name }) => values.fault.includes(name)),
    seeds: Array.from({ length: Number(values.trials) }, (_, at) => Number(values.seed) + at),
    report: values.report === undefined ? undefined : openReport(values.report),
  };
}

try {
  const { chosen, seeds, report } = planOf(process.argv.slice(2));
  const results = new Map<Fault, TrialResult[]>([nothing, ...chosen].map((fault) => [fault, []]));
  const unclean: string[] = [];
  for (const seed of seeds) {
    let expected: { readonly expected?: readonly string[] } = {};
    for (const [fault, own] of results) {
      const result = await runTrial({ fault, seed, ...load, ...expected });
      if (fault === nothing) expected = { expected: result.hot };
      own.push(result);
      process.stdout.write(`${JSON.stringify({ clean: result.wrong.length === 0, ...result })}\n`);
      report?.put(fault, own);
      if (result.wrong.length > 0) unclean.push(`${fault.name} with seed ${seed}`);
    }
  }
  process.stderr.write(unclean.length === 0 ? "all as it must be\n" : `look at ${unclean.join(", ")}\n`);
  process.exit(unclean.length === 0 ? 0 : 1);
} catch (error) {
  const known = error instanceof Refused || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS");
  process.stderr.write(`midnight: ${known ? (error as Error).message : (error as Error).stack}\n`);
  process.exit(1);
}
