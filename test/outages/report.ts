import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { commitNow, machine } from "../chaos/report.ts";
import { bounds } from "./bounds.ts";
import type { LoadFigures } from "./load.ts";
import { type Outage, outages } from "./outages.ts";
import { type Phase, phases, type Spread } from "./phases.ts";
import type { TrialResult } from "./trial.ts";

/** The report of a long run. Rows of outages that were not run again stay as they stand in the file. */
export interface Report {
  /** Replaces the outage's rows and writes the file. */
  put(outage: Outage, result: TrialResult): void;
}

type Cells = (result: TrialResult, figures: LoadFigures) => readonly (string | number)[];

interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly cells: Cells;
  readonly legend: string;
}

const percent = (share: number) => `${Math.floor(share * 1_000) / 10} %`;
const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
const spread = ({ p50, p99, max }: Spread) => `${p50} / ${p99} / ${max}`;

const tables: readonly Table[] = [
  {
    title: "What was done, and what was wrong",
    head: ["outage", "lasted", "answers", "changes", "failed", "back in time", "the same, degraded"].concat(
      "older for a client",
      "not as published",
      "verify",
      "date",
      "commit",
    ),
    cells: ({ outageMs, differences }, figures) => [
      seconds(outageMs),
      phases.reduce((sum, phase) => sum + figures.latencies[phase].count, 0),
      figures.acked,
      figures.failures.count,
      figures.wentBack.count,
      figures.wentBackDegraded.count,
      figures.older.count,
      figures.differences.length,
      differences,
      new Date().toISOString().slice(0, 10),
      commitNow(),
    ],
    legend: `"failed" are 5xx, the default product, no answer within 5 s, and answers that lack what they must have. "back in
time": an answer that was asked for after another one of the same node had come shows an older version of a value
than that one did. "not as published": answers that, with all level again, are not what the last acknowledged event
said. "verify": differences that \`shelfwire verify\` found.`,
  },
  {
    title: "Hit rate",
    head: ["outage", "before", "during: memory", "Redis", "log", "degraded", "lowest second"].concat(
      "above 95 % after",
      "level after",
    ),
    cells: ({ recoveryMs }, { hitRate }) => {
      const { calm, outage } = hitRate.phases;
      return [
        percent(calm.memory + calm.redis),
        percent(outage.memory),
        percent(outage.redis),
        percent(outage.log),
        percent(outage.degraded),
        percent(hitRate.lowest),
        seconds(hitRate.backMs),
        seconds(recoveryMs),
      ];
    },
    legend: `Hits are answers from memory or Redis that are not degraded; "during" is until everything was level again. The last
two are from the end of the outage: until every later second had more than 95 % of them, and until the read models had
all that was in the log at that end and the last second of reads was above 95 % as well.`,
  },
  {
    title: "Latency",
    head: ["outage", "before", "during", "after"],
    cells: (_, { latencies }) => phases.map((phase) => spread(latencies[phase])),
    legend: "Median / 99th percentile / maximum in milliseconds, of all reads, given up after 5 s.",
  },
  {
    title: "A price is right everywhere",
    head: ["outage", "before", "prices", "during", "prices", "after", "prices", "flagged"].concat(
      "event loop, p99",
      "max",
    ),
    cells: (_, { visibility, standstills }) => [
      ...(["calm", "outage", "after"] as const satisfies readonly Phase[]).flatMap((phase) => [
        spread(visibility.phases[phase]),
        visibility.phases[phase].count,
      ]),
      visibility.flagged,
      `${standstills.p99Ms} ms`,
      `${standstills.maxMs} ms`,
    ],
    legend: `From the moment before a price is sent to the log until each of four connections to each node has shown it, in
milliseconds as above. Prices during which the measuring thread itself stood still for more than 50 ms are flagged and
not counted; the last two columns are its own delay. While nats-server is away the wait for the log is part of it.`,
  },
];

const row = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;

export function openReport(path: string): Report {
  const rows = new Map<string, readonly string[]>();
  const old = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
  for (const { name } of outages) {
    const own = old.filter((line) => line.startsWith(`| ${name} |`));
    if (own.length === tables.length) rows.set(name, own);
  }
  return {
    put({ name }, result) {
      const { figures } = result;
      if (figures === undefined) return;
      rows.set(
        name,
        tables.map(({ cells }) => row([name, ...cells(result, figures)])),
      );
      writeFileSync(path, textOf(rows));
    },
  };
}

function textOf(rows: ReadonlyMap<string, readonly string[]>): string {
  const present = outages.filter(({ name }) => rows.has(name));
  const told = tables.map(({ title, head, legend }, at) => {
    const lines = present.map(({ name }) => rows.get(name)?.[at] ?? "");
    return `## ${title}\n\n${[row(head), `|---|${"---:|".repeat(head.length - 1)}`, ...lines].join("\n")}\n\n${legend}\n`;
  });
  return `# Outages under load

Written by \`npm run outages -- --report docs/outages.md\`; \`--outage NAME\` runs one of them again. Each has a
nats-server and a redis-server of its own, \`shelfwire up\` and a second node, \`shelfwire api\`, behind links that can
be broken, 2,000 products in a three-level tree, 100 changes a second and 600 mixed reads a second over both nodes, on
a dozen connections and more to each, by the clock, whatever becomes of them. 25 seconds of calm, the outage, until
everything is level, 25 seconds of calm.

No read may fail for what any tier holds, and everything was read before. No value may go back in time on a node. The
hit rate must be above 95 % again within ${bounds.backMs / 1_000} s. A price must be right on every node within ${bounds.visibleMs} ms (p99), and with the
channel cut within its bound of 5 s, and a second to measure it.

${machine()}
Readers and publishers share it.

${told.join("\n")}
## The outages

${present.map(({ name, story }) => `- **${name}**: ${story}.`).join("\n")}
`;
}
