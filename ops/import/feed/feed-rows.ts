import { type CsvFormat, type CsvRow, readCsvRows } from "../csv-rows.ts";
import { readFeed } from "../feed-file.ts";
import { ImportRefused } from "../import-refused.ts";
import { type CellOf, findColumns, type Layout } from "./columns.ts";
import type { FeedRejection, FeedSource } from "./entry.ts";

/** Rows with their cells by column, of product feeds in CSV and its relatives. */

/** Descriptions in HTML run over many lines; what is larger than this makes no event. */
const feedCsv: CsvFormat = { rowBytesMax: 512 * 1024, rowLinesMax: 4_096, mixedEncodings: false };

export interface FeedRow<Column extends string> {
  readonly line: number;
  readonly raw: string;
  /** Trimmed; empty where the file has no such column. */
  readonly cell: (column: Column) => string;
}

export function isFeedRow<Column extends string>(
  row: FeedRow<Column> | FeedRejection,
): row is FeedRow<Column> {
  return "cell" in row;
}

/** The rows behind the header, in batches. Throws `ImportRefused` where the header is not the format's. */
export async function* readFeedRows<Column extends string>(
  { path, file }: FeedSource,
  layout: Layout<Column>,
): AsyncGenerator<readonly (FeedRow<Column> | FeedRejection)[]> {
  let cellOf: CellOf<Column> | undefined;
  let count = 0;
  for await (const rows of readCsvRows(readFeed(path), feedCsv)) {
    let body = rows;
    if (cellOf === undefined) {
      const [header, ...others] = rows;
      if (header === undefined) continue;
      const fields = "fields" in header ? header.fields : [];
      cellOf = findColumns(fields, layout, file);
      count = fields.length;
      body = others;
    }
    const known = cellOf;
    yield body.map((row) => feedRow(row, known, count));
  }
  if (cellOf === undefined) throw new ImportRefused(`${file} is empty: it is not a ${layout.format} feed`);
}

function feedRow<Column extends string>(
  row: CsvRow,
  cellOf: CellOf<Column>,
  count: number,
): FeedRow<Column> | FeedRejection {
  const { line, raw } = row;
  if (!("fields" in row))
    return { line, row: raw, reason: row.reason, detail: row.problem, about: undefined };
  const { fields } = row;
  if (fields.length !== count) {
    const detail = `the row has ${fields.length} fields, the header ${count}`;
    return { line, row: raw, reason: "wrong-column-count", detail, about: undefined };
  }
  return { line, raw, cell: (column) => cellOf(fields, column) };
}
