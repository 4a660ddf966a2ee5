import { isUtf8 } from "node:buffer";
import Papa from "papaparse";

/**
 * The rows of a CSV file with what a report about them needs: the physical line on which each begins and
 * its raw text.
 *
 * A streaming CSV parser gives neither, and one quote that never closes makes it swallow the rest of the
 * file. So physical lines are the unit here: a line without a quote is split as it is, a line with one goes
 * to the parser, together with the lines below it while its quote is open. What cannot be a row costs its
 * first line only; reading goes on with the line below.
 *
 * Each row is decoded by itself, as UTF-8 where it is that and as Windows-1252 (Latin-1 and more) where it
 * is not: exports that mix both exist. All of CSV's own characters are ASCII, so lines can be cut first.
 */

export type CsvRow = {
  /** The physical line on which the row begins, from 1. */
  readonly line: number;
  /** As it stands in the file, without its line end. */
  readonly raw: string;
} & ({ readonly fields: readonly string[] } | { readonly problem: string });

export const csvLimits = {
  /** Even with each byte escaped as `\u0000` a row fits an event of 256 KiB. */
  rowBytesMax: 32 * 1024,
  rowLinesMax: 64,
} as const;

const delimitersToGuess = [",", ";", "\t", "|"];
const windows1252 = new TextDecoder("windows-1252");
const byteOrderMark = "\u00ef\u00bb\u00bf";

/**
 * Yields the rows in batches, one for each chunk of bytes; the first row of the first batch is the header,
 * which also tells the delimiter. Blank lines are no rows.
 */
export async function* readCsvRows(bytes: AsyncIterable<Buffer>): AsyncGenerator<readonly CsvRow[]> {
  const assembler = createAssembler();
  let carry = "";
  for await (const chunk of bytes) {
    const lines = (carry + chunk.toString("latin1")).split("\n");
    // A line without an end must not fill the memory: past the limit, what it holds no longer matters.
    carry = (lines.pop() ?? "").slice(0, csvLimits.rowBytesMax + 1);
    yield assembler.take(lines, false);
  }
  yield assembler.take(carry === "" ? [] : [carry], true);
}

/** Makes rows of physical lines, given as one character a byte. */
function createAssembler() {
  let lines: string[] = [];
  /** The number of `lines[0]` in the file. */
  let number = 1;
  /** How many of the first lines are tried as one row. */
  let size = 1;
  let delimiter: string | undefined;

  return {
    take(more: readonly string[], ended: boolean): CsvRow[] {
      const rows: CsvRow[] = [];
      for (const line of more) lines.push(line.endsWith("\r") ? line.slice(0, -1) : line);
      if (number === 1 && lines[0]?.startsWith(byteOrderMark))
        lines[0] = lines[0].slice(byteOrderMark.length);
      // A row still open where the file ends is judged by what there is.
      if (ended) size = Math.max(1, Math.min(size, lines.length));
      let at = 0;
      const settle = (row: CsvRow | undefined, count: number) => {
        if (row !== undefined) rows.push(row);
        at += count;
        number += count;
        size = 1;
      };
      while (at + size <= lines.length) {
        const line = number;
        const bytes = size === 1 ? (lines[at] ?? "") : lines.slice(at, at + size).join("\n");
        if (size === 1 && bytes.trim() === "") {
          settle(undefined, 1);
          continue;
        }
        const raw = decode(bytes);
        delimiter ??= guessDelimiter(raw);
        const split = bytes.length > csvLimits.rowBytesMax ? tooLarge : splitRow(raw, delimiter);
        if ("fields" in split) {
          settle({ line, raw, fields: split.fields }, size);
        } else if (split.open && size < csvLimits.rowLinesMax && !(ended && at + size === lines.length)) {
          size++;
        } else {
          settle({ line, raw: decode(lines[at] ?? ""), problem: split.problem }, 1);
        }
      }
      lines = lines.slice(at);
      return rows;
    },
  };
}

type Split = { readonly fields: readonly string[] } | { readonly problem: string; readonly open: boolean };

const tooLarge: Split = { problem: `the row is larger than ${csvLimits.rowBytesMax} bytes`, open: false };

function splitRow(raw: string, delimiter: string): Split {
  if (!raw.includes('"')) return { fields: raw.split(delimiter) };
  const { data, errors } = Papa.parse<string[]>(raw, { delimiter, newline: "\n" });
  if (errors.length > 0) {
    const open = errors.every((error) => error.code === "MissingQuotes");
    return {
      problem: open ? "a quote is opened and never closed" : "a quote stands inside a quoted field",
      open,
    };
  }
  return { fields: data[0] ?? [] };
}

function guessDelimiter(header: string): string {
  return Papa.parse(header, { delimitersToGuess }).meta.delimiter;
}

function decode(bytes: string): string {
  if (!/[\u0080-\u00ff]/.test(bytes)) return bytes;
  const buffer = Buffer.from(bytes, "latin1");
  return isUtf8(buffer) ? buffer.toString("utf8") : windows1252.decode(buffer);
}
