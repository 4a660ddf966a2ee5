import { once } from "node:events";
import { type Identifier, identifierProblem } from "../../streams/identifier.ts";
import type { LogName } from "../../streams/subjects.ts";
import type { Catalogue } from "../catalogue.ts";
import { exportLog } from "../export/export-log.ts";
import { createProgress, type Progress } from "../import/progress.ts";
import { Refused } from "../refused.ts";

/** `shelfwire export`: the log as lines on standard output. */
export interface ExportOptions {
  /** Undefined: the catalogue's, then the activity. */
  readonly log?: LogName;
  readonly from?: number;
  readonly to?: number;
  readonly product?: string;
}

/** Throws `Refused` where the range cannot be one. */
export function checkExport({ log, from, to, product }: ExportOptions): void {
  if ((from !== undefined || to !== undefined) && log === undefined && product === undefined) {
    throw new Refused("--from and --to count within one log: name it with --log catalog or --log activity");
  }
  if (product !== undefined && log === "activity") {
    throw new Refused("--product is for the catalogue's log; the activity is kept by user");
  }
  const problem = product === undefined ? undefined : identifierProblem(product);
  if (problem !== undefined) throw new Refused(`--product "${product}" ${problem}`);
  if (from !== undefined && to !== undefined && from > to) {
    throw new Refused(`--from ${from} is behind --to ${to}`);
  }
}

/** A reader that is slow is waited for; one that went away ends the export. */
export async function runExport(
  catalogue: Pick<Catalogue, "catalog" | "activity">,
  { log, from = 1, to = Number.MAX_SAFE_INTEGER, product }: ExportOptions,
  output: NodeJS.WriteStream,
): Promise<void> {
  const names: readonly LogName[] =
    log !== undefined ? [log] : product !== undefined ? ["catalog"] : ["catalog", "activity"];
  const progress = output.isTTY ? silent : createProgress(process.stderr, () => performance.now());
  let gone = false;
  output.on("error", () => {
    gone = true;
  });
  for (const name of names) {
    const { last } = await catalogue[name].bounds();
    const range = {
      from: Math.max(from, 1),
      to: Math.min(to, last),
      ...(product !== undefined && { product: product as Identifier }),
    };
    progress.begin(name, range.to);
    for await (const { sequence, lines } of exportLog(catalogue[name], name, range)) {
      if (!output.write(lines)) await once(output, "drain").catch(() => {});
      if (gone) return;
      progress.at(sequence);
    }
    progress.end();
  }
}

/** Lines on a terminal are progress enough. */
const silent: Progress = { begin() {}, at() {}, end() {} };
