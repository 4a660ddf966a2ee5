import { basename } from "node:path";
import { minorDigits } from "../../../streams/currency.ts";
import { type CsvRow, readCsvRows } from "../csv-rows.ts";
import { readFeed } from "../feed-file.ts";
import { ImportRefused } from "../import-refused.ts";
import { type Columns, columnsOf } from "./columns.ts";
import { type InvoiceLine, isRejection, parseInvoiceLine, type Rejection } from "./invoice-line.ts";

/** A row of the file with what it says: a fact or a rejection. */
export type RetailRow = { readonly row: CsvRow } & (
  | { readonly line: InvoiceLine }
  | { readonly rejection: Rejection }
);

/**
 * The rows of an export behind its header, in batches of one chunk of the file. Throws `ImportRefused` where
 * the file is no such export.
 */
export async function* readRetailRows(path: string, currency: string): AsyncGenerator<readonly RetailRow[]> {
  const digits = minorDigits(currency);
  let columns: Columns | undefined;
  for await (const rows of readCsvRows(readFeed(path))) {
    let body = rows;
    if (columns === undefined) {
      const [header, ...others] = rows;
      if (header === undefined) continue;
      columns = columnsOf("fields" in header ? header.fields : [], basename(path));
      body = others;
    }
    const known = columns;
    yield body.map((row) => {
      const parsed = parseInvoiceLine(row, known, digits);
      return isRejection(parsed) ? { row, rejection: parsed } : { row, line: parsed };
    });
  }
  if (columns === undefined)
    throw new ImportRefused(`${basename(path)} is empty: it is not an online-retail export`);
}
