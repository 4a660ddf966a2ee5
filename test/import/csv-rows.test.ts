import { expect, test } from "vitest";
import { type CsvRow, csvLimits, readCsvRows } from "../../ops/import/csv-rows.ts";

async function rowsOf(bytes: Buffer, chunkBytes: number): Promise<CsvRow[]> {
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  }
  const rows: CsvRow[] = [];
  for await (const batch of readCsvRows(chunks())) rows.push(...batch);
  return rows;
}

const brief = (rows: readonly CsvRow[]) =>
  rows.map((row) => [row.line, "fields" in row ? row.fields : row.problem] as const);

/** Chunk borders must not matter, wherever they fall. */
async function expectRows(text: string | Buffer, expected: unknown): Promise<void> {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  for (const chunkBytes of [1, 2, 3, 7, 64, bytes.length]) {
    expect(brief(await rowsOf(bytes, chunkBytes)), `in chunks of ${chunkBytes}`).toEqual(expected);
  }
}

test("a row has the physical line on which it begins, past blank lines, CRLF and a byte order mark", async () => {
  await expectRows('\ufeffa,b\r\n\r\n1,"two\r\nlines"\r\n3,"a ""quote"", a comma"\r\n\r\n', [
    [1, ["a", "b"]],
    [3, ["1", "two\nlines"]],
    [5, ["3", 'a "quote", a comma']],
  ]);
});

test("the last line needs no end", async () => {
  await expectRows('a,b\n1,"2"', [
    [1, ["a", "b"]],
    [2, ["1", "2"]],
  ]);
});

test("the header tells the delimiter", async () => {
  await expectRows("a;b\n1,5;2\n", [
    [1, ["a", "b"]],
    [2, ["1,5", "2"]],
  ]);
});

test("a quote inside an unquoted field is text", async () => {
  await expectRows('a,b\n12" RULER,1\nx,2\n', [
    [1, ["a", "b"]],
    [2, ['12" RULER', "1"]],
    [3, ["x", "2"]],
  ]);
});

test("a quote that never closes costs its own line only", async () => {
  await expectRows('a,b\n1,"open\n2,x\n3,y\n', [
    [1, ["a", "b"]],
    [2, "a quote is opened and never closed"],
    [3, ["2", "x"]],
    [4, ["3", "y"]],
  ]);
});

test("a malformed quote costs its own line only", async () => {
  await expectRows('a,b\n"one" more,1\n2,x\n', [
    [1, ["a", "b"]],
    [2, "a quote stands inside a quoted field"],
    [3, ["2", "x"]],
  ]);
});

test("each row is decoded by itself, as UTF-8 or as Windows-1252", async () => {
  const text = Buffer.concat([Buffer.from("a,b\n£1,x\n"), Buffer.from([0xa3, 0x32, 0x2c, 0x80, 0x0a])]);
  await expectRows(text, [
    [1, ["a", "b"]],
    [2, ["£1", "x"]],
    [3, ["£2", "€"]],
  ]);
});

test("a row keeps its raw text, and one without an end does not fill the memory", async () => {
  const long = "x".repeat(10 * csvLimits.rowBytesMax);
  const [header, raw, tooLong, last] = await rowsOf(Buffer.from(`a,b\r\n1, "x" \r\n${long}\n2,y\n`), 1_000);
  expect(header?.raw).toBe("a,b");
  expect(raw?.raw).toBe('1, "x" ');
  expect(tooLong).toMatchObject({ line: 3, problem: "the row is larger than 32768 bytes" });
  expect(tooLong?.raw.length).toBeLessThan(2 * csvLimits.rowBytesMax);
  expect(last).toMatchObject({ line: 4, fields: ["2", "y"] });
});
