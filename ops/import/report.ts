import { mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";

/** What an import could not use, one JSON object a line, so that its sender can mend it. */
export interface RejectedRow {
  readonly file: string;
  /** The physical line on which the row begins, from 1. */
  readonly line: number;
  /** A stable code, for counting. */
  readonly reason: string;
  /** The same in words, with what was found. */
  readonly detail: string;
  /** The row as it stands in the file. */
  readonly row: string;
}

export interface Report {
  readonly path: string;
  add(row: RejectedRow): void;
  /** Writes what was added; call it as often as memory asks for. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Begins the report anew, with its folders. */
export async function openReport(path: string): Promise<Report> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "w");
  let lines = "";
  const flush = async () => {
    const text = lines;
    lines = "";
    if (text !== "") await file.appendFile(text);
  };
  return {
    path,
    add({ file: name, line, reason, detail, row }) {
      lines += `${JSON.stringify({ file: name, line, reason, detail, row })}\n`;
    },
    flush,
    async close() {
      await flush();
      await file.close();
    },
  };
}

/** The reports of an import's files: one of their own each, or one for all where the operator named it. */
export interface Reports {
  open(name: string): Promise<Report>;
  close(): Promise<void>;
}

export async function createReports(options: {
  readonly reportPath?: string | undefined;
  readonly reportsDir: string;
}): Promise<Reports> {
  const { reportPath, reportsDir } = options;
  const shared = reportPath === undefined ? undefined : await openReport(reportPath);
  return {
    open: async (name) =>
      shared === undefined
        ? openReport(join(reportsDir, `${name}.ndjson`))
        : { ...shared, close: shared.flush },
    close: async () => shared?.close(),
  };
}
