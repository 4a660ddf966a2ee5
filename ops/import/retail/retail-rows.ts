import { basename } from "node:path";
import { minorDigits } from "../../../streams/currency.ts";
import { type CsvRow, readCsvRows } from "../csv-rows.ts";
import { readFeed } from "../feed-file.ts";
import { ImportRefused } from "../import-refused.ts";
import { columnsOf } from "./columns.ts";
import { createInvoiceDates } from "./invoice-date.ts";
import {
  type InvoiceLine,
  isRejection,
  parseInvoiceLine,
  type Rejection,
  type RowFormat,
} from "./invoice-line.ts";

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
  let format: RowFormat | undefined;
  for await (const rows of readCsvRows(readFeed(path))) {
    let body = rows;
    if (format === undefined) {
      const [header, ...others] = rows;
      if (header === undefined) continue;
      const columns = columnsOf("fields" in header ? header.fields : [], basename(path));
      format = { columns, digits, dateOf: createInvoiceDates() };
      body = others;
    }
    const known = format;
    yield body.map((row) => {
      const parsed = parseInvoiceLine(row, known);
      return isRejection(parsed) ? { row, rejection: parsed } : { row, line: parsed };
    });
  }
  if (format === undefined)
    throw new ImportRefused(`${basename(path)} is empty: it is not an online-retail export`);
}
