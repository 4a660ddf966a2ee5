import { parseArgs } from "node:util";
import { Refused } from "../../ops/refused.ts";
import { startCluster } from "../stock/cluster.ts";
import { playRounds } from "../stock/rounds.ts";
import { crashesPart } from "./crashes-part.ts";
import type { CrowdFigures } from "./crowd.ts";
import { hostilePart } from "./hostile-part.ts";
import { httpPart } from "./http-part.ts";
import type { PartName, StartPart } from "./part.ts";
import { portPart } from "./port-part.ts";
import { recountsPart } from "./recounts-part.ts";
import { isRight, openReport, partSection, type Report, roundsSection } from "./report.ts";
import { runTrial } from "./trial.ts";

/**
 * `npm run checkout -- [--attempts N] [--port N] [--recounts N] [--crashes N] [--hostile N] [--rounds N] [--seed N]
 * [--report FILE]`: attempts to buy over HTTP (default 1,000,000), at the keepers' port (200,000), and over HTTP while a
 * system of record counts what is bought (50,000); crashes of each kind between an append and its answer (20); hostile
 * bodies (100,000); rounds of two keepers of one partition (300). 0 leaves a part out. The short form is part of `npm test`.
 *
 * A line of JSON for each part goes to stdout, and a report is brought up to date behind it. Exits non-zero when anything
 * was not as it must be.
 */
const products = 200;
const calmMs = 20_000;
/** A keeper that was killed is missed for some eight seconds, with those its lease takes to end. */
const strikeGapMs = [5_000, 25_000] as const;
const round = { buyers: 64, stock: 100 };

interface Plan {
  readonly attempts: number;
  readonly port: number;
  readonly recounts: number;
  readonly hostile: number;
  readonly crashes: number;
  readonly rounds: number;
  readonly seed: number;
  readonly report: Report | undefined;
}

function planOf(words: readonly string[]): Plan {
  const { values } = parseArgs({
    args: [...words],
    options: {
      attempts: { type: "string", default: "1000000" },
      port: { type: "string", default: "200000" },
      recounts: { type: "string", default: "50000" },
      hostile: { type: "string", default: "100000" },
      crashes: { type: "string", default: "20" },
      rounds: { type: "string", default: "300" },
      seed: { type: "string", default: "1" },
      report: { type: "string" },
    },
  });
  const numberOf = (
    name: "attempts" | "port" | "recounts" | "hostile" | "crashes" | "rounds" | "seed",
  ): number => {
    if (/^\d{1,8}$/.test(values[name])) return Number(values[name]);
    throw new Refused(`--${name} ${values[name]}: must be a whole number from 0 to 99999999`);
  };
  return {
    attempts: numberOf("attempts"),
    port: numberOf("port"),
    recounts: numberOf("recounts"),
    hostile: numberOf("hostile"),
    crashes: numberOf("crashes"),
    rounds: numberOf("rounds"),
    seed: numberOf("seed"),
    report: values.report === undefined ? undefined : openReport(values.report),
  };
}

const say = (what: object) => process.stdout.write(`${JSON.stringify(what)}\n`);
const onProgress = ({ counts }: CrowdFigures) => process.stderr.write(`${JSON.stringify(counts)}\n`);

/** Each returns whether all was as it must be. */
async function runPart(name: PartName, part: StartPart, { seed, report }: Plan): Promise<boolean> {
  const result = await runTrial({ seed, parts: [part] });
  say({ part: name, clean: result.wrong.length === 0, ...result });
  report?.put(name, partSection(name, result));
  return result.wrong.length === 0;
}

async function runRounds({ rounds, report }: Plan): Promise<boolean> {
  const cluster = await startCluster();
  try {
    const onRound = (played: object) => process.stderr.write(`${JSON.stringify(played)}\n`);
    const played = await playRounds(cluster.urls, { rounds, ...round, onRound });
    const clean = played.every((each) => isRight(each, round.stock));
    say({ part: "rounds", clean, rounds: played });
    report?.put("rounds", roundsSection(played, round.stock, round.buyers));
    return clean;
  } finally {
    await cluster.stop();
  }
}

try {
  const plan = planOf(process.argv.slice(2));
  const { attempts, port, recounts, hostile, crashes, rounds, seed } = plan;
  const size = { seed, products, calmMs, strikeGapMs, onProgress };
  const unclean: string[] = [];
  const play = async (name: string, times: number, run: () => Promise<boolean>) => {
    if (times > 0 && !(await run())) unclean.push(name);
  };
  await play("rounds", rounds, () => runRounds(plan));
  await play("crashes", crashes, () => runPart("crashes", crashesPart({ seed, crashes }), plan));
  await play("hostile", hostile, () => runPart("hostile", hostilePart({ seed, bodies: hostile }), plan));
  await play("recounts", recounts, () =>
    runPart("recounts", recountsPart({ ...size, attempts: recounts }), plan),
  );
  await play("port", port, () => runPart("port", portPart({ ...size, attempts: port }), plan));
  await play("http", attempts, () => runPart("http", httpPart({ ...size, attempts }), plan));
  process.stderr.write(unclean.length === 0 ? "all as it must be\n" : `look at ${unclean.join(", ")}\n`);
  process.exit(unclean.length === 0 ? 0 : 1);
} catch (error) {
  const known = error instanceof Refused || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS");
  process.stderr.write(`checkout: ${known ? (error as Error).message : (error as Error).stack}\n`);
  process.exit(1);
}
