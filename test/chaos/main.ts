import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Refused } from "../../ops/refused.ts";
import { untilSignal } from "../../ops/signals.ts";
import type { Fault } from "./fault.ts";
import { faults } from "./faults.ts";
import { type Report, openReport } from "./report.ts";
import type { TrialResult } from "./result.ts";
import { healMsMax } from "./healing.ts";
import { runTrial } from "./trial.ts";

/**
 * `npm run chaos -- --fault NAME | --all [--trials N] [--seed S] [--harm-ms N] [--workload retail [--files N]]
 * [--report FILE [--resume]]`: trials of one fault or of all, one after the other; the short form of each is
 * part of `npm test`. Trial 1 has seed S, the next one S + 1, and so on.
 *
 * A line of JSON for each trial goes to stdout. A report is brought up to date behind each fault, and
 * `--resume` leaves out the faults whose trials it has already, all clean and of the same commit. A signal ends
 * the run behind the trial that is under way, a second one at once.
 */
const invoices = "../shared/data/online-retail";

interface Plan {
  readonly faults: readonly Fault[];
  readonly trials: number;
  readonly seed: number;
  readonly harmMs: number;
  readonly importFiles: readonly string[];
  readonly report: Report | undefined;
  readonly resume: boolean;
}

function planOf(words: readonly string[]): Plan {
  const { values } = parseArgs({
    args: [...words],
    options: {
      fault: { type: "string", multiple: true, default: [] },
      all: { type: "boolean", default: false },
      trials: { type: "string", default: "3" },
      seed: { type: "string", default: "1" },
      "harm-ms": { type: "string", default: "4000" },
      workload: { type: "string", default: "story" },
      files: { type: "string", default: "1" },
      report: { type: "string" },
      resume: { type: "boolean", default: false },
    },
  });
  const chosen = values.all ? faults : faults.filter(({ name }) => values.fault.includes(name));
  const known = faults.map(({ name }) => name);
  const unknown = values.fault.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Refused(`there is no fault "${unknown}"; there are ${known.join(", ")}`);
  if (chosen.length === 0) throw new Refused(`say --fault NAME or --all; there are ${known.join(", ")}`);
  if (!["story", "retail"].includes(values.workload))
    throw new Refused(`--workload ${values.workload}: must be story or retail`);
  return {
    faults: chosen,
    trials: wholeNumber("--trials", values.trials),
    seed: wholeNumber("--seed", values.seed),
    harmMs: wholeNumber("--harm-ms", values["harm-ms"]),
    importFiles: values.workload === "retail" ? invoiceFiles(wholeNumber("--files", values.files)) : [],
    report: values.report === undefined ? undefined : openReport(values.report),
    resume: values.resume,
  };
}

function wholeNumber(option: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Refused(`${option} ${text}: must be a whole number from 1 on`);
  return Number(text);
}

function invoiceFiles(count: number): readonly string[] {
  if (!existsSync(invoices)) throw new Refused(`--workload retail: the invoices are not in ${invoices}`);
  const files = readdirSync(invoices).filter((file) => file.endsWith(".csv.gz"));
  return files
    .sort()
    .slice(0, count)
    .map((file) => join(invoices, file));
}

/** Returns false when a trial was not clean. */
async function runFault(fault: Fault, plan: Plan, isEnding: () => boolean): Promise<boolean> {
  const { trials, seed, harmMs, importFiles, report, resume } = plan;
  if (resume && report?.has(fault.name, trials)) {
    process.stderr.write(`${fault.name}: ${trials} clean trials are in the report\n`);
    return true;
  }
  const obstacle = fault.obstacle?.();
  if (obstacle !== undefined) {
    process.stderr.write(`skipped: ${fault.name}: ${obstacle}\n`);
    return true;
  }
  const results: TrialResult[] = [];
  for (let trial = 0; trial < trials && !isEnding(); trial++) {
    const result = await runTrial({ fault, seed: seed + trial, harmMs, healMsMax, importFiles });
    const { imported } = results[0] ?? result;
    if (result.imported !== imported)
      result.wrong.push(
        `the import came to ${result.imported} events, and in the first trial to ${imported}`,
      );
    results.push(result);
    process.stdout.write(`${JSON.stringify({ clean: result.wrong.length === 0, ...result })}\n`);
  }
  if (results.length === trials) report?.put(fault, results);
  return results.every(({ wrong }) => wrong.length === 0);
}

try {
  const plan = planOf(process.argv.slice(2));
  let ending = false;
  void untilSignal().then(() => {
    ending = true;
    process.stderr.write("ending behind this trial\n");
  });
  const unclean: string[] = [];
  for (const fault of plan.faults) {
    if (!ending && !(await runFault(fault, plan, () => ending))) unclean.push(fault.name);
  }
  const outcome = unclean.length === 0 ? "all clean" : `not clean: ${unclean.join(", ")}`;
  process.stderr.write(`${outcome}${ending ? ", cut short by a signal" : ""}\n`);
  process.exit(unclean.length === 0 && !ending ? 0 : 1);
} catch (error) {
  const known = error instanceof Refused || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS");
  process.stderr.write(`chaos: ${known ? (error as Error).message : (error as Error).stack}\n`);
  process.exit(1);
}
