import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { findServer } from "../../ops/setup/server-binaries.mjs";
import type { Fault } from "./fault.ts";
import { faults } from "./faults.ts";
import type { TrialResult } from "./result.ts";

/**
 * The report of a long run: two tables with a row for each fault. A row of a fault that was not run again stays
 * as it stands in the file, so that a run may be cut short and gone on with.
 */
export interface Report {
  /** Whether it has that many trials of the fault, all of them clean and of this commit. */
  has(fault: string, trials: number): boolean;
  /** Replaces the fault's rows and writes the file. */
  put(fault: Fault, results: readonly TrialResult[]): void;
}

type Rows = readonly [done: string, found: string];

const doneHead = ["fault", "trials", "clean", "harms", "events", "acked", "refused", "unknown"].concat(
  "reads",
  "seconds",
  "seeds",
  "date",
  "commit",
);
const foundHead = ["fault", "lost", "twice", "unexpected", "differences", "5xx though held"].concat(
  "5xx, none held",
  "slowest answer",
  "healed, median",
  "healed, slowest",
);

export function openReport(path: string): Report {
  const rows = new Map<string, Rows>();
  const old = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
  for (const { name } of faults) {
    const [done, found] = old.filter((line) => line.startsWith(`| ${name} |`));
    if (done !== undefined && found !== undefined) rows.set(name, [done, found]);
  }
  const commit = commitNow();

  return {
    has(fault, trials) {
      const [, , count, clean, ...more] = (rows.get(fault)?.[0] ?? "").split("|").map((cell) => cell.trim());
      return count === clean && Number(count) >= trials && more.includes(commit);
    },
    put(fault, results) {
      rows.set(fault.name, [doneRow(fault.name, results, commit), foundRow(fault.name, results)]);
      writeFileSync(path, textOf(rows));
    },
  };
}

function doneRow(name: string, results: readonly TrialResult[], commit: string): string {
  const sum = sumOver(results);
  const seeds = results.map(({ seed }) => seed);
  return row([
    name,
    results.length,
    results.filter(({ wrong }) => wrong.length === 0).length,
    sum("harms"),
    sum("published"),
    sum("acked"),
    sum("refused"),
    sum("unknown"),
    sum("reads"),
    sum("seconds"),
    `${Math.min(...seeds)} to ${Math.max(...seeds)}`,
    new Date().toISOString().slice(0, 10),
    commit,
  ]);
}

function foundRow(name: string, results: readonly TrialResult[]): string {
  const sum = sumOver(results);
  const healed = results.map(({ healMs }) => healMs).sort((a, b) => a - b);
  const ms = (value: number | undefined) => `${value} ms`;
  return row([
    name,
    sum("lost"),
    sum("duplicates"),
    sum("unexpected"),
    sum("differences"),
    sum("failedThoughHeld"),
    sum("unavailable"),
    ms(Math.max(...results.map(({ slowestMs }) => slowestMs))),
    ms(healed[Math.floor(healed.length / 2)]),
    ms(healed.at(-1)),
  ]);
}

type Count = {
  [Name in keyof TrialResult]: TrialResult[Name] extends number ? Name : never;
}[keyof TrialResult];

function sumOver(results: readonly TrialResult[]): (count: Count) => number {
  return (count) => results.reduce((sum, result) => sum + result[count], 0);
}

const row = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;

function table(head: readonly string[], rows: readonly string[]): string {
  return [row(head), `|---|${"---:|".repeat(head.length - 1)}`, ...rows].join("\n");
}

function textOf(rows: ReadonlyMap<string, Rows>): string {
  const present = faults.filter(({ name }) => rows.has(name));
  const told = present.flatMap(({ name }) => rows.get(name) ?? []);
  return `# Trials under fault

Written by \`npm run chaos -- --all --trials 20 --report docs/chaos.md\`; \`--fault NAME --seed S\` runs one of them
again. Each trial has a nats-server and a redis-server of its own, Shelfwire as processes of their own, a publisher
that knows the fate of every event, and four readers over HTTP: one that sends no position, one that sends back
what it saw of the product, one what it saw of any, and one that reads what was just acknowledged.

While the harm is done and until everything is level again, no product that a tier in reach holds may be answered
with 5xx, no reader that sends a position may see an older one, and every price and stock that was shown must be in
the log at just that version. Afterwards everything must be level within 10 s without anybody's help, a second of
reads and publishes must pass without one failure, the log must hold each acknowledged event once and none that was
refused, and \`shelfwire verify\` must find no difference.

${machine()}

## What was done

${table(doneHead, even(told))}

"harms" counts what each fault does: processes killed or paused, links broken, events refused, emptyings, restores,
bad events, deliveries repeated or out of turn. "unknown" are publishes that were given up without an answer.

## What was found

${table(foundHead, odd(told))}

"5xx, none held" are answers while the only tier in reach had not yet come to the position that the reader asked
for. "healed" is from the end of the harm, with every killed process running again, until what was in the log then
is in the read models and answers come from there, with events still coming.

## The faults

${present.map(({ name, story }) => `- **${name}**: ${story}.`).join("\n")}
`;
}

const even = (texts: readonly string[]) => texts.filter((_, at) => at % 2 === 0);
const odd = (texts: readonly string[]) => texts.filter((_, at) => at % 2 === 1);

export function machine(): string {
  const [cpu] = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const versionOf = (server: "nats-server" | "redis-server") =>
    /\d+\.\d+\.\d+/.exec(execFileSync(findServer(server) ?? server, ["--version"]).toString())?.[0];
  return (
    `Machine: ${cpus().length} cores (${cpu?.model}), ${gigabytes} GB, Linux ${release()}. ` +
    `Node ${process.version}, nats-server ${versionOf("nats-server")}, redis-server ${versionOf("redis-server")}.`
  );
}

export function commitNow(): string {
  const git = (...words: string[]) => execFileSync("git", words, { encoding: "utf8" }).trim();
  const changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs") !== "";
  return `${git("rev-parse", "--short", "HEAD")}${changed ? " and changes" : ""}`;
}
