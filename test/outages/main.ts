import { parseArgs } from "node:util";
import { Refused } from "../../ops/refused.ts";
import { missedBy } from "./bounds.ts";
import { type Outage, outages } from "./outages.ts";
import { openReport, type Report } from "./report.ts";
import { runTrial } from "./trial.ts";

/**
 * `npm run outages -- [--outage NAME ...] [--seconds N] [--report FILE]`: each outage, or those named, of a
 * catalogue under steady load; N is how long one lasts that has a length (default 15). The short form is part of
 * `npm test`.
 *
 * A line of JSON for each goes to stdout, and a report is brought up to date behind it. Exits non-zero when something
 * was wrong or a bound was missed.
 */
const load = { products: 2_000, readsPerSecond: 600, changesPerSecond: 100 };
/** Long enough for some hundred prices: the 99th percentile of fewer is their maximum. */
const calmMs = 25_000;
const recoveryMsMax = 30_000;

interface Plan {
  readonly chosen: readonly Outage[];
  readonly outageMs: number;
  readonly report: Report | undefined;
}

function planOf(words: readonly string[]): Plan {
  const { values } = parseArgs({
    args: [...words],
    options: {
      outage: { type: "string", multiple: true, default: outages.map(({ name }) => name) },
      seconds: { type: "string", default: "15" },
      report: { type: "string" },
    },
  });
  const known = outages.map(({ name }) => name);
  const unknown = values.outage.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Refused(`there is no outage "${unknown}"; there are ${known.join(", ")}`);
  if (!/^[1-9]\d{0,3}$/.test(values.seconds))
    throw new Refused(`--seconds ${values.seconds}: must be a whole number from 1 on`);
  return {
    chosen: outages.filter(({ name }) => values.outage.includes(name)),
    outageMs: Number(values.seconds) * 1_000,
    report: values.report === undefined ? undefined : openReport(values.report),
  };
}

try {
  const { chosen, outageMs, report } = planOf(process.argv.slice(2));
  const unclean: string[] = [];
  for (const outage of chosen) {
    const result = await runTrial({ outage, outageMs, calmMs, recoveryMsMax, load });
    const missed = missedBy(result);
    process.stdout.write(`${JSON.stringify({ clean: result.wrong.length === 0, missed, ...result })}\n`);
    report?.put(outage, result);
    if (result.wrong.length + missed.length > 0) unclean.push(outage.name);
  }
  process.stderr.write(unclean.length === 0 ? "all as it must be\n" : `look at ${unclean.join(", ")}\n`);
  process.exit(unclean.length === 0 ? 0 : 1);
} catch (error) {
  const known = error instanceof Refused || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS");
  process.stderr.write(`outages: ${known ? (error as Error).message : (error as Error).stack}\n`);
  process.exit(1);
}
