import type { AuditReport } from "./audit.ts";
import type { Finding } from "./findings.ts";
import type { OffsetSummary } from "./tally.ts";

/** What an audit found, for people. */

const number = (value: number) => value.toLocaleString("en");

const head = ["tier", "asked", "checked", "nines", "late", "beyond bound", "wrong", "quantity waits"].concat(
  "mixed",
  "could not check",
);

function rowsOf({ tiers }: AuditReport): readonly (readonly string[])[] {
  return tiers.flatMap(({ tier, offsets }) =>
    offsets.map((one) => [
      tier,
      `+${afterOf(one.offsetMs)}`,
      number(one.checked),
      one.nines,
      ...[one.late, one.beyond, one.wrong, one.waiting, one.mixed].map(number),
      uncheckedOf(one),
    ]),
  );
}

function uncheckedOf({ unchecked }: OffsetSummary): string {
  const told = Object.entries(unchecked).map(([reason, count]) => `${number(count)} ${reason}`);
  return told.length === 0 ? "0" : told.join(", ");
}

const afterOf = (ms: number) => (ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`);

function closingOf(report: AuditReport): readonly string[] {
  const { tiers, changes, passedOver, untraced, bad, seconds } = report;
  const ages = tiers.flatMap(({ tier, ages: late }) =>
    late === undefined
      ? []
      : [`${tier}: late answers were old by p50 ${late.p50} ms, p99 ${late.p99} ms, max ${late.max} ms.`],
  );
  const causes = tiers.flatMap(({ tier, causes: found }) => {
    const told = Object.entries(found).map(([code, count]) => `${number(count)} ${code}`);
    return told.length === 0 ? [] : [`${tier}: causes: ${told.join(", ")}.`];
  });
  return [
    `${number(changes)} changes in ${number(seconds)} s; not asked about: ${number(passedOver)} passed over, ${number(untraced)} untraced; ${number(bad)} bad events.`,
    ...ages,
    ...causes,
  ];
}

/** In columns. */
export function tableOf(report: AuditReport): string {
  const rows = [head, ...rowsOf(report)];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return [...lines, "", ...closingOf(report)].join("\n");
}

export function markdownOf(report: AuditReport): string {
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const table = [row(head), `|---|---|${"---:|".repeat(head.length - 3)}---|`, ...rowsOf(report).map(row)];
  const findings = report.findings.slice(0, shownMax).map((finding) => `- ${lineOf(finding)}`);
  return [...table, "", ...closingOf(report).flatMap((line) => [line, ""]), ...findings].join("\n").trimEnd();
}

const shownMax = 20;

/** One late or wrong answer in one line. */
export function lineOf(finding: Finding): string {
  const { tier, product, offset_ms } = finding;
  const where = `${finding.finding}: ${tier}, product "${product}", +${afterOf(offset_ms)}`;
  if (finding.finding === "wrong")
    return `${where}: ${finding.what}: expected ${JSON.stringify(finding.expected)}, found ${JSON.stringify(finding.found)}`;
  const { aspect, age_ms, positions, cause, told } = finding;
  const behind = positions === null ? "" : `, ${positions} positions`;
  return `${where}: ${aspect} ${age_ms} ms${behind} old: ${cause}: ${told}`;
}
