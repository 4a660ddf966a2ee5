import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { commitNow, machine } from "../chaos/report.ts";
import { spreadOf } from "../outages/phases.ts";
import { type Fault, faults, nothing } from "./faults.ts";
import type { ReaderFigures } from "./readers.ts";
import type { TrialResult } from "./trial.ts";

/** The report of a long run: a row for each fault in each table. Rows of faults that were not run again stay as they stand. */
export interface Report {
  /** Replaces the fault's rows and writes the file. */
  put(fault: Fault, results: readonly TrialResult[]): void;
}

interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly cells: (
    results: readonly TrialResult[],
    figures: readonly ReaderFigures[],
  ) => readonly (string | number)[];
  readonly legend: string;
}

const sum = <One>(all: readonly One[], count: (one: One) => number) =>
  all.reduce((total, one) => total + count(one), 0);

const tables: readonly Table[] = [
  {
    title: "What was done, and what was wrong",
    head: [
      "killed",
      "trials",
      "clean",
      "answers",
      "moved on",
      "changes",
      "failed",
      "regular price too late",
    ].concat("back in time", "older than asked", "hot otherwise", "verify", "seeds", "date", "commit"),
    cells: (results, figures) => [
      results.length,
      results.filter(({ wrong }) => wrong.length === 0).length,
      sum(figures, ({ reads }) => reads),
      sum(figures, ({ movedOn }) => movedOn),
      sum(results, ({ changes }) => changes),
      sum(figures, ({ failures }) => failures.count),
      sum(figures, ({ mistimed }) => mistimed.count),
      sum(figures, ({ wentBack }) => wentBack.count),
      sum(figures, ({ older }) => older.count),
      results.filter(({ wrong }) => wrong.some((line) => /^after \d+ ms: /.test(line))).length,
      sum(results, ({ differences }) => differences),
      `${Math.min(...results.map(({ seed }) => seed))} to ${Math.max(...results.map(({ seed }) => seed))}`,
      new Date().toISOString().slice(0, 10),
      commitNow(),
    ],
    legend: `"moved on": who had no answer of the node that was dead, and asked the other one. "failed": 5xx, the default
product, no answer of a node that lives, no price. "regular price too late": shown to who asked more than 50 ms behind the
start, or the sale's price before it. "hot otherwise": trials after which what is hot, for which reasons and in which
states, was not what it is in a trial of the same seed without a fault. "verify": differences that \`shelfwire verify\`
found.`,
  },
  {
    title: "How it went",
    head: ["killed", "deals read behind the start", "regular price shown last", "degraded", "latency"].concat(
      "settled, median",
      "slowest",
    ),
    cells(results, figures) {
      const settled = spreadOf(results.map(({ settledMs }) => settledMs));
      const worst = (of: (one: ReaderFigures) => number) => Math.max(...figures.map(of));
      return [
        sum(figures, ({ deals }) => deals),
        `${worst(({ lastOldMs }) => lastOldMs)} ms`,
        sum(figures, ({ degraded }) => degraded),
        [
          worst((one) => one.latencyMs.p50),
          worst((one) => one.latencyMs.p99),
          worst((one) => one.latencyMs.max),
        ].join(" / "),
        `${settled.p50} ms`,
        `${settled.max} ms`,
      ];
    },
    legend: `"regular price shown last": how long behind the start the latest one asked to whom it was shown. "latency":
median / 99th percentile / maximum in milliseconds, of the worst trial each. "settled": from the start until everything runs
again, and all that is to be hot is, and held by each worker that was to.`,
  },
];

const row = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;

export function openReport(path: string): Report {
  const rows = new Map<string, readonly string[]>();
  const old = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
  for (const { name } of [nothing, ...faults]) {
    const own = old.filter((line) => line.startsWith(`| ${name} |`));
    if (own.length === tables.length) rows.set(name, own);
  }
  return {
    put({ name }, results) {
      const figures = results.flatMap(({ readers }) => readers ?? []);
      if (figures.length === 0) return;
      rows.set(
        name,
        tables.map(({ cells }) => row([name, ...cells(results, figures)])),
      );
      writeFileSync(path, textOf(rows));
    },
  };
}

function textOf(rows: ReadonlyMap<string, readonly string[]>): string {
  const present = [nothing, ...faults].filter(({ name }) => rows.has(name));
  const told = tables.map(({ title, head, legend }, at) => {
    const lines = present.map(({ name }) => rows.get(name)?.[at] ?? "");
    return `## ${title}\n\n${[row(head), `|---|${"---:|".repeat(head.length - 1)}`, ...lines].join("\n")}\n\n${legend}\n`;
  });
  return `# Midnight with a fault

Written by \`npm run midnight -- --trials 20 --report docs/midnight.md\`; \`--fault NAME --seed S\` plays one of them again. Each
trial has a nats-server and a redis-server of its own, a projector, two processes of actors and two API nodes with two threads
each, 2,000 products of which 20 are in a sale, 30 changes a second and 360 reads a second, over both nodes and from a dozen
addresses, a quarter of them with \`Catalog-Min-Version\`. The products of the sale become warm beforehand; others are hot by
their readers, by an operator's word, or because their price fell: one of each of the last two before the start, and one
behind it, as soon as everything runs again and the read models are level. At the very moment of the start something is killed.

${machine()}
Readers and publishers share it. How hot products are looked after is in [hot products](hot.md).

${told.join("\n")}
## The faults

${present.map(({ name, story }) => `- **${name}**: ${story}.`).join("\n")}
`;
}
