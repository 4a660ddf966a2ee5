import { writeFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { type AuditReport, audit, offsetsMs } from "../audit/audit.ts";
import { defaultBounds } from "../audit/bounds.ts";
import { lineOf, markdownOf, tableOf } from "../audit/report.ts";
import type { Catalogue } from "../catalogue.ts";
import type { Logger } from "../logger.ts";
import { Refused } from "../refused.ts";
import type { Servers } from "../servers.ts";
import { untilSignal } from "../signals.ts";

/** `shelfwire audit`: how true each tier is, asked from outside. */
export interface AuditWords {
  readonly node?: readonly string[];
  readonly edge?: string;
  readonly from?: string;
  readonly sample?: string;
  readonly rate?: string;
  readonly for?: string;
  readonly changes?: string;
  readonly offsets?: string;
  readonly boundRedis?: string;
  readonly boundNode?: string;
  readonly boundEdge?: string;
  readonly boundEdgeQuantity?: string;
  readonly report?: string;
}

export type Wanted = ReturnType<typeof parseAudit>;

export function describeAudit(command: Command): Command {
  const url = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];
  const { redis, node, edge } = defaultBounds;
  return command
    .description(
      "ask every tier about each change and say how true it is, and which message was late or lost",
    )
    .addOption(
      new Option("--node <url>", "an API node; repeatable (default: the one that runs here)").argParser(url),
    )
    .option("--edge <url>", "the cache in front of the nodes")
    .option("--from <sequence>", "ask about changes from this event of the log on (default: from now on)")
    .option("--sample <share>", "trace this share of the products, such as 0.01; the same ones in every run")
    .option("--rate <questions>", "at most so many questions a second to each tier")
    .option("--for <seconds>", "take no more changes after that, ask what is still to be asked, and end")
    .option("--changes <number>", "the same after so many changes")
    .option("--offsets <ms,…>", `how long after a change to ask (default: ${offsetsMs.join()})`)
    .option("--bound-redis <ms>", `how old the read models may be (default: ${redis.toldMs})`)
    .option("--bound-node <ms>", `how old an answer of a node may be (default: ${node.toldMs})`)
    .option("--bound-edge <ms>", `how old an answer of the edge may be (default: ${edge.toldMs})`)
    .option(
      "--bound-edge-quantity <ms>",
      `how old a quantity at the edge may be, for which nothing is purged (default: ${edge.quantityMs})`,
    )
    .option("--report <file>", "write the result there as Markdown");
}

/** Throws `Refused` for the first bad value. */
export function parseAudit(words: AuditWords) {
  const whole = (name: string, text: string | undefined): number | undefined => {
    if (text === undefined) return undefined;
    if (!/^[1-9]\d{0,14}$/.test(text))
      throw new Refused(`--${name} ${text}: must be a whole number from 1 on`);
    return Number(text);
  };
  const address = (name: string, text: string): string => {
    if (!/^https?:$/.test(URL.parse(text)?.protocol ?? ""))
      throw new Refused(`--${name} ${text}: must be http://HOST:PORT or https://HOST:PORT`);
    return text;
  };
  const share = words.sample === undefined ? undefined : Number(words.sample);
  if (share !== undefined && !(share > 0 && share <= 1))
    throw new Refused(`--sample ${words.sample}: must be a share above 0 and up to 1`);
  const offsets = words.offsets?.split(",").map((text) => whole("offsets", text) ?? 0);
  if (offsets?.some((offset, at) => offset <= (offsets[at - 1] ?? 0)))
    throw new Refused(`--offsets ${words.offsets}: must be rising milliseconds, such as ${offsetsMs.join()}`);
  const { redis, node, edge } = defaultBounds;
  const bounds = (told: number | undefined, standard: typeof redis, quantity?: number) => {
    const toldMs = told ?? standard.toldMs;
    return {
      toldMs,
      quantityMs: Math.max(toldMs, quantity ?? (told === undefined ? standard.quantityMs : 0)),
    };
  };
  return {
    nodes: (words.node ?? []).map((text) => address("node", text)),
    edge: words.edge === undefined ? undefined : address("edge", words.edge),
    from: whole("from", words.from),
    sample: share,
    questionsPerSecondMax: whole("rate", words.rate),
    seconds: whole("for", words.for),
    changesMax: whole("changes", words.changes),
    offsets,
    bounds: {
      redis: bounds(whole("bound-redis", words.boundRedis), redis),
      node: bounds(whole("bound-node", words.boundNode), node),
      edge: bounds(
        whole("bound-edge", words.boundEdge),
        edge,
        whole("bound-edge-quantity", words.boundEdgeQuantity) ?? edge.quantityMs,
      ),
    },
    reportFile: words.report,
  };
}

/** Ends at the wanted end, or with a signal at once. Resolves with whether nothing was wrong or beyond its bound. */
export async function runAudit(
  catalogue: Catalogue,
  servers: Servers,
  logger: Logger,
  wanted: Wanted,
  print: ((line: object) => void) | undefined,
): Promise<boolean> {
  if (servers.own)
    throw new Refused(
      "no Shelfwire runs here: start it first, or set NATS_URL and REDIS_URL to those of one that runs",
    );
  const { seconds, questionsPerSecondMax, offsets = offsetsMs, reportFile, ...options } = wanted;
  const nodes = options.nodes.length > 0 || servers.http === undefined ? options.nodes : [servers.http];
  const stopping = new AbortController();
  void untilSignal().then(() => stopping.abort());
  const rate = questionsPerSecondMax;
  const report = await audit({
    ...catalogue,
    ...options,
    versions: catalogue.versions.catalog,
    nodes,
    offsets,
    changesPerSecondMax: rate === undefined ? undefined : rate / offsets.length,
    enough: seconds === undefined ? new AbortController().signal : AbortSignal.timeout(seconds * 1_000),
    stop: stopping.signal,
    onFinding: print ?? ((finding) => process.stdout.write(`${lineOf(finding)}\n`)),
    onProgress: (progress) => logger.info(summaryOf(progress), "auditing"),
  });
  if (print === undefined) process.stdout.write(`${tableOf(report)}\n`);
  else for (const line of linesOf(report)) print(line);
  if (reportFile !== undefined) writeFileSync(reportFile, `${markdownOf(report)}\n`);
  return report.tiers.every(({ offsets: asked }) => asked.every(({ beyond, wrong }) => beyond + wrong === 0));
}

function summaryOf(report: AuditReport): object {
  const { tiers, findings: _, ...counts } = report;
  const checked = tiers.map(({ tier, offsets }) => [
    tier,
    offsets.reduce((sum, one) => sum + one.checked, 0),
  ]);
  return { ...counts, checked: Object.fromEntries(checked) };
}

/** One line for each tier and offset, then one with all else. */
function linesOf(report: AuditReport): readonly object[] {
  const { tiers, findings: _, ...counts } = report;
  const asked = tiers.flatMap(({ tier, offsets }) => offsets.map((one) => ({ tier, ...one })));
  const causes = tiers.map(({ tier, causes: found, ages }) => ({
    tier,
    causes: found,
    late_ages_ms: ages ?? null,
  }));
  return [...asked, ...causes, counts];
}
