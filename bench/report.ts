import { appendFileSync } from "node:fs";
import { arch, cpus, platform, totalmem } from "node:os";

/** One line of the results: what was measured, beside its yardstick of the same run. */
export interface Row {
  readonly name: string;
  readonly ours: string;
  readonly yardstick: string;
  readonly ratio: string;
  readonly wanted: string;
  readonly note: string;
}

/** Appends the rows to the results with the date and the machine, and shows them. */
export function report(path: string, title: string, rows: readonly Row[], now: Date, versions: string): void {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${platform()} ${arch()}`;
  const lines = [
    `## ${now.toISOString().slice(0, 16).replace("T", " ")} UTC: ${title}`,
    "",
    `${machine}; ${versions}.`,
    "",
    "| what | Shelfwire | yardstick | ratio | wanted | |",
    "|---|---|---|---|---|---|",
    ...rows.map(
      ({ name, ours, yardstick, ratio, wanted, note }) =>
        `| ${name} | ${ours} | ${yardstick} | ${ratio} | ${wanted} | ${note} |`,
    ),
    "",
  ];
  appendFileSync(path, `${lines.join("\n")}\n`);
  process.stdout.write(`${lines.join("\n")}\n`);
}
