import { parseArgs } from "node:util";
import { offsetsMs } from "../../ops/audit/audit.ts";
import { Refused } from "../../ops/refused.ts";
import { type Fault, faults } from "./faults.ts";
import { openReport, type Report } from "./report.ts";
import { type RigSettings, startRig } from "./rig.ts";
import { runTrial } from "./trial.ts";

/**
 * `npm run audit -- [--fault NAME ...] [--seconds N] [--changes N] [--report FILE]`: a shop under N changes a second
 * (default 200) is audited by a process of its own, as it is and with each fault of the edge, or with those named. N is
 * how long the steady run lasts (default 1500, which makes more than a million questions to each tier); a fault lasts a minute and
 * until the last question. The short form is part of `npm test`.
 *
 * A line of JSON for each goes to stdout, and a report is brought up to date behind it. Exits non-zero when an answer was
 * wrong or beyond its bound, or a reader was failed.
 */
const load: Omit<RigSettings, "changesPerSecond"> = { products: 2_000, readsPerSecond: 100, workers: 2 };
const faultSeconds = 60;
/** The last one is past every lifetime at the edge. */
const faultOffsetsMs = [100, 1_000, 5_000, 40_000];

interface Plan {
  readonly chosen: readonly Fault[];
  readonly seconds: number;
  readonly changesPerSecond: number;
  readonly report: Report | undefined;
}

function planOf(words: readonly string[]): Plan {
  const known = faults.map(({ name }) => name);
  const { values } = parseArgs({
    args: [...words],
    options: {
      fault: { type: "string", multiple: true, default: known },
      seconds: { type: "string", default: "1500" },
      changes: { type: "string", default: "200" },
      report: { type: "string" },
    },
  });
  const unknown = values.fault.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Refused(`there is no fault "${unknown}"; there are ${known.join(", ")}`);
  for (const name of ["seconds", "changes"] as const) {
    if (!/^[1-9]\d{0,4}$/.test(values[name]))
      throw new Refused(`--${name} ${values[name]}: must be a whole number from 1 to 99999`);
  }
  return {
    chosen: faults.filter(({ name }) => values.fault.includes(name)),
    seconds: Number(values.seconds),
    changesPerSecond: Number(values.changes),
    report: values.report === undefined ? undefined : openReport(values.report),
  };
}

try {
  const { chosen, seconds, changesPerSecond, report } = planOf(process.argv.slice(2));
  const settings = { ...load, changesPerSecond };
  const unclean: string[] = [];
  for (const fault of chosen) {
    const rig = await startRig(settings);
    const steady = fault.name === "steady";
    const result = await runTrial(rig, {
      fault,
      seconds: steady ? seconds : faultSeconds,
      offsetsMs: steady ? offsetsMs : faultOffsetsMs,
    }).catch(async (error: unknown) => {
      await rig.stop();
      throw error;
    });
    const disorderly = await rig.stop();
    const { markdown: _, ...told } = result;
    process.stdout.write(`${JSON.stringify({ ...told, disorderly })}\n`);
    report?.put(fault, result, settings);
    if (!result.sound || result.readers.failed > 0 || disorderly.length > 0) unclean.push(fault.name);
  }
  process.stderr.write(unclean.length === 0 ? "all as it must be\n" : `look at ${unclean.join(", ")}\n`);
  process.exit(unclean.length === 0 ? 0 : 1);
} catch (error) {
  const known = error instanceof Refused || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS");
  process.stderr.write(`audit: ${known ? (error as Error).message : (error as Error).stack}\n`);
  process.exit(1);
}
