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
} & (
  | { readonly fields: readonly string[] }
  | { readonly problem: string; readonly reason: "malformed-row" | "row-too-large" | "bad-encoding" }
);

export interface CsvFormat {
  readonly rowBytesMax: number;
  readonly rowLinesMax: number;
  /** Whether a row that is not UTF-8 is read as Windows-1252, or is no row. */
  readonly mixedEncodings: boolean;
}

/** Even with each byte escaped as `\u0000` a row fits an event of 256 KiB. */
export const csvLimits: CsvFormat = { rowBytesMax: 32 * 1024, rowLinesMax: 64, mixedEncodings: true };

const delimitersToGuess = [",", ";", "\t", "|"];
const windows1252 = new TextDecoder("windows-1252");
const byteOrderMark = "\u00ef\u00bb\u00bf";

/**
 * Yields the rows in batches, one for each chunk of bytes; the first row of the first batch is the header,
 * which also tells the delimiter. Blank lines are no rows.
 */
export async function* readCsvRows(
  bytes: AsyncIterable<Buffer>,
  format = csvLimits,
): AsyncGenerator<readonly CsvRow[]> {
  const assembler = createAssembler(format);
  let carry = "";
  for await (const chunk of bytes) {
    const lines = (carry + chunk.toString("latin1")).split("\n");
    // A line without an end must not fill the memory: past the limit, what it holds no longer matters.
    carry = (lines.pop() ?? "").slice(0, format.rowBytesMax + 1);
    yield assembler.take(lines, false);
  }
  yield assembler.take(carry === "" ? [] : [carry], true);
}

/** Makes rows of physical lines, given as one character a byte. */
function createAssembler({ rowBytesMax, rowLinesMax, mixedEncodings }: CsvFormat) {
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
        const { raw, isUnicode } = decode(bytes);
        delimiter ??= guessDelimiter(raw);
        const split = bytes.length > rowBytesMax ? tooLarge(rowBytesMax) : splitRow(raw, delimiter);
        if ("fields" in split) {
          settle(isUnicode || mixedEncodings ? { line, raw, ...split } : { line, raw, ...notUtf8 }, size);
          continue;
        }
        // While a quote is open only a line with an odd number of quotes can close it.
        let next = size + 1;
        let total = bytes.length;
        while (at + next <= lines.length && next <= rowLinesMax && total <= rowBytesMax) {
          const added = lines[at + next - 1] ?? "";
          total += added.length + 1;
          if (hasOddQuotes(added)) break;
          next++;
        }
        const isLast = ended && at + next > lines.length;
        if (split.open && next <= rowLinesMax && total <= rowBytesMax && !isLast) {
          size = next;
        } else {
          const { problem, reason } = split;
          settle({ line, raw: decode(lines[at] ?? "").raw, problem, reason }, 1);
        }
      }
      lines = lines.slice(at);
      return rows;
    },
  };
}

type Split =
  | { readonly fields: readonly string[] }
  | {
      readonly problem: string;
      readonly reason: "malformed-row" | "row-too-large";
      /** More lines may make it a row. */
      readonly open: boolean;
    };

const tooLarge = (bytesMax: number): Split => ({
  problem: `the row is larger than ${bytesMax} bytes`,
  reason: "row-too-large",
  open: false,
});

const notUtf8 = {
  problem: "the row is not UTF-8: save the file as UTF-8",
  reason: "bad-encoding",
} as const;

function hasOddQuotes(line: string): boolean {
  let odd = false;
  for (let at = line.indexOf('"'); at !== -1; at = line.indexOf('"', at + 1)) odd = !odd;
  return odd;
}

function splitRow(raw: string, delimiter: string): Split {
  if (!raw.includes('"')) return { fields: raw.split(delimiter) };
  const { data, errors } = Papa.parse<string[]>(raw, { delimiter, newline: "\n" });
  if (errors.length > 0) {
    const open = errors.every((error) => error.code === "MissingQuotes");
    return {
      problem: open ? "a quote is opened and never closed" : "a quote stands inside a quoted field",
      reason: "malformed-row",
      open,
    };
  }
  return { fields: data[0] ?? [] };
}

function guessDelimiter(header: string): string {
  return Papa.parse(header, { delimitersToGuess }).meta.delimiter;
}

function decode(bytes: string): { readonly raw: string; readonly isUnicode: boolean } {
  if (!/[\u0080-\u00ff]/.test(bytes)) return { raw: bytes, isUnicode: true };
  const buffer = Buffer.from(bytes, "latin1");
  const isUnicode = isUtf8(buffer);
  return { raw: isUnicode ? buffer.toString("utf8") : windows1252.decode(buffer), isUnicode };
}
