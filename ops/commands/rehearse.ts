import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { type Command, Option } from "commander";
import { type Identifier, parseIdentifier } from "../../streams/identifier.ts";
import type { Catalogue } from "../catalogue.ts";
import type { Logger } from "../logger.ts";
import { Refused } from "../refused.ts";
import { LoadFailed } from "../rehearse/load.ts";
import { isLoopback } from "../rehearse/loopback.ts";
import { productsMax } from "../rehearse/products.ts";
import type { PhaseName } from "../rehearse/profile.ts";
import { rehearse, type RehearsalSettings, targetOf } from "../rehearse/rehearsal.ts";
import { linesOf, markdownOf, tableOf } from "../rehearse/report.ts";
import type { Servers } from "../servers.ts";
import { untilSignal } from "../signals.ts";

/** `shelfwire rehearse`: a flash sale played on a running system, and what of it is certified. */
export interface RehearseWords {
  readonly node?: readonly string[];
  readonly products?: string;
  readonly peak?: string;
  readonly share?: string;
  readonly cores?: string;
  readonly zipf?: string;
  readonly deals?: string;
  readonly dealShare?: string;
  readonly changes?: string;
  readonly seed?: string;
  readonly steady?: string;
  readonly bursts?: string;
  readonly warming?: string;
  readonly ramp?: string;
  readonly hold?: string;
  readonly cooling?: string;
  readonly short?: boolean;
  readonly anywhere?: boolean;
  readonly report?: string;
}

type Seconds = Readonly<Record<PhaseName, number>>;
const usualSeconds: Seconds = { steady: 30, bursts: 5, warming: 10, ramp: 30, peak: 30, cooling: 15 };
const shortSeconds: Seconds = { steady: 3, bursts: 2, warming: 2, ramp: 3, peak: 3, cooling: 2 };
const trialMs = { usual: 1_500, short: 500 };

export function describeRehearse(command: Command): Command {
  const url = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];
  const { steady, bursts, warming, ramp, peak, cooling } = usualSeconds;
  return command
    .description(
      "play a flash sale on the system that runs, with real events that are put back, and certify its capacity",
    )
    .addOption(
      new Option("--node <url>", "an API node; repeatable (default: the one that runs here)").argParser(url),
    )
    .option("--anywhere", "also on nodes that are not on this machine")
    .option("--products <file>", "their identifiers, one a line (default: all that the log knows)")
    .option("--peak <requests>", "requests a second at the peak (default: by --share)")
    .option("--share <share>", "the peak as a share of the capacity, which is measured first (default: 0.6)")
    .option("--cores <number>", "how many all nodes have, where that cannot be seen from here")
    .option("--zipf <exponent>", "how unequal products are (default: 1.0)")
    .option("--deals <number>", "products in the sale (default: 10)")
    .option("--deal-share <share>", "the share of readers that they have from its start on (default: 0.5)")
    .option("--changes <number>", "prices and quantities that change, a second (default: 20)")
    .option("--seed <number>", "the same traffic each time (default: 1)")
    .option("--steady <seconds>", `a hundredth of the peak (default: ${steady})`)
    .option("--bursts <seconds>", `a cold product gets a burst each second (default: ${bursts})`)
    .option("--warming <seconds>", `the sale is known (default: ${warming})`)
    .option("--ramp <seconds>", `up to the peak, where the sale begins (default: ${ramp})`)
    .option("--hold <seconds>", `the peak, at whose end the sale ends (default: ${peak})`)
    .option("--cooling <seconds>", `down again (default: ${cooling})`)
    .option("--short", "all of it in 15 seconds, to try it out")
    .option("--report <file>", "write the certificate there as Markdown");
}

export type RehearseWanted = ReturnType<typeof parseRehearse>;

/** Throws `Refused` for the first bad value. */
export function parseRehearse(words: RehearseWords) {
  const whole = (name: string, text: string | undefined, most: number, unset: number): number => {
    if (text === undefined) return unset;
    if (!/^[1-9]\d{0,9}$/.test(text) || Number(text) > most)
      throw new Refused(`--${name} ${text}: must be a whole number from 1 to ${most}`);
    return Number(text);
  };
  const part = (name: string, text: string | undefined, most: number, unset: number): number => {
    const value = Number(text ?? unset);
    if (!(value > 0 && value <= most))
      throw new Refused(`--${name} ${text}: must be a number above 0 and up to ${most}`);
    return value;
  };
  const given = (name: string, text: string | undefined, most: number): number | undefined =>
    text === undefined ? undefined : whole(name, text, most, 0);
  const secondsMax = 3_600;
  const usual = words.short === true ? shortSeconds : usualSeconds;
  const settings: RehearsalSettings = {
    seconds: {
      steady: whole("steady", words.steady, secondsMax, usual.steady),
      bursts: whole("bursts", words.bursts, 60, usual.bursts),
      warming: whole("warming", words.warming, secondsMax, usual.warming),
      ramp: whole("ramp", words.ramp, secondsMax, usual.ramp),
      peak: whole("hold", words.hold, secondsMax, usual.peak),
      cooling: whole("cooling", words.cooling, secondsMax, usual.cooling),
    },
    peak: given("peak", words.peak, 1_000_000),
    share: part("share", words.share, 1, 0.6),
    cores: given("cores", words.cores, 100_000),
    zipf: part("zipf", words.zipf, 5, 1),
    deals: whole("deals", words.deals, 1_000, 10),
    dealShare: part("deal-share", words.dealShare, 1, 0.5),
    changesPerSecond: whole("changes", words.changes, 1_000, 20),
    seed: whole("seed", words.seed, 2 ** 31 - 1, 1),
    trialMs: words.short === true ? trialMs.short : trialMs.usual,
  };
  return {
    settings,
    nodes: (words.node ?? []).map(addressOf),
    anywhere: words.anywhere === true,
    ids: words.products === undefined ? undefined : idsIn(words.products),
    reportFile: words.report,
  };
}

function addressOf(text: string): string {
  const url = URL.parse(text);
  if (url?.protocol !== "http:") throw new Refused(`--node ${text}: must be http://HOST:PORT`);
  return url.origin;
}

function idsIn(file: string): readonly Identifier[] {
  let lines: readonly string[];
  try {
    lines = readFileSync(file, "utf8").split("\n");
  } catch (error) {
    throw new Refused(`--products ${file}: ${(error as Error).message}`);
  }
  const ids = lines.filter((line) => line !== "").map(parseIdentifier);
  const bad = ids.findIndex((id) => id === undefined);
  if (bad >= 0) throw new Refused(`--products ${file}: entry ${bad + 1} is no identifier`);
  const known = [...new Set(ids.filter((id) => id !== undefined))];
  if (known.length > productsMax)
    throw new Refused(`--products ${file}: ${known.length} products; at most ${productsMax}`);
  return known;
}

/** Resolves with whether all of it passed. A signal ends it at once; what it changed is put back first. */
export async function runRehearse(
  catalogue: Pick<Catalogue, "catalog" | "hot" | "hotValues">,
  servers: Pick<Servers, "own" | "http">,
  logger: Logger,
  wanted: RehearseWanted,
  print: ((line: object) => void) | undefined,
): Promise<boolean> {
  if (servers.own)
    throw new Refused(
      "no Shelfwire runs here: start it first, or set NATS_URL and REDIS_URL to those of one that runs",
    );
  const nodes = wanted.nodes.length > 0 || servers.http === undefined ? wanted.nodes : [servers.http];
  if (nodes.length === 0) throw new Refused("no node is known: name each with --node http://HOST:PORT");
  const remote = nodes.find((node) => !isLoopback(targetOf(node).hostname));
  if (remote !== undefined && !wanted.anywhere)
    throw new Refused(
      `${remote} is not on this machine: a rehearsal is a load and changes prices; say --anywhere if that is meant`,
    );
  const { settings, ids, reportFile } = wanted;
  const stopping = new AbortController();
  void untilSignal().then(() => stopping.abort());
  const at = new Date().toISOString();
  const { certificate, products } = await rehearse({
    catalog: catalogue.catalog,
    hot: catalogue.hot,
    hotValues: catalogue.hotValues,
    nodes,
    ids,
    settings,
    stop: stopping.signal,
    onProgress: (told) => logger.info(told),
  }).catch((error: unknown) => {
    throw error instanceof LoadFailed ? new Refused(`the load: ${error.message}`) : error;
  });
  const told = { at, machine: machine(), settings: shown(settings, nodes, products) };
  if (print === undefined) process.stdout.write(`${tableOf(certificate, told)}\n`);
  else for (const line of linesOf(certificate, told)) print(line);
  if (reportFile !== undefined) writeFileSync(reportFile, `${markdownOf(certificate, told)}\n`);
  return certificate.verdicts.every(({ pass }) => pass);
}

function machine(): string {
  const [cpu] = cpus();
  return `${availableParallelism()} cores (${cpu?.model ?? "unknown"}), which the load has a part of, Node ${process.version}`;
}

function shown(
  settings: RehearsalSettings,
  nodes: readonly string[],
  products: number,
): Readonly<Record<string, string | number>> {
  const { seconds, peak, share, cores, zipf, deals, dealShare, changesPerSecond, seed } = settings;
  return {
    seed,
    nodes: nodes.length,
    products,
    zipf,
    deals,
    "deal-share": dealShare,
    changes: changesPerSecond,
    ...(peak === undefined ? { share } : { peak }),
    ...(cores !== undefined && { cores }),
    steady: seconds.steady,
    bursts: seconds.bursts,
    warming: seconds.warming,
    ramp: seconds.ramp,
    hold: seconds.peak,
    cooling: seconds.cooling,
  };
}
