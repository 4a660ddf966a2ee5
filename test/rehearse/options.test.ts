import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseRehearse } from "../../ops/commands/rehearse.ts";

const folder = mkdtempSync(join(tmpdir(), "shelfwire-rehearse-"));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

test("what nobody says is short enough for two minutes, and --short for fifteen seconds", () => {
  const lengthOf = (words: object) =>
    Object.values(parseRehearse(words).settings.seconds).reduce((sum, each) => sum + each, 0);
  expect(lengthOf({})).toBe(120);
  expect(lengthOf({ short: true })).toBe(15);
  expect(lengthOf({ short: true, hold: "10" })).toBe(22);
  expect(parseRehearse({}).settings).toMatchObject({ peak: undefined, share: 0.6, zipf: 1, deals: 10 });
});

test.each([
  [{ peak: "0" }, "--peak 0: must be a whole number from 1 to 1000000"],
  [{ peak: "1e3" }, "--peak 1e3: must be"],
  [{ share: "1.5" }, "--share 1.5: must be a number above 0 and up to 1"],
  [{ share: "" }, "--share : must be"],
  [{ zipf: "x" }, "--zipf x: must be"],
  [{ dealShare: "-1" }, "--deal-share -1: must be"],
  [{ bursts: "61" }, "--bursts 61: must be a whole number from 1 to 60"],
  [{ ramp: "3601" }, "--ramp 3601: must be"],
  [{ changes: "1001" }, "--changes 1001: must be"],
  [{ node: ["https://a"] }, "--node https://a: must be http://HOST:PORT"],
  [{ node: ["a:80"] }, "--node a:80: must be"],
  [{ products: join(folder, "none") }, "none: ENOENT"],
  [{ products: fileOf("bad", "mug\n..\n") }, "bad: entry 2 is no identifier"],
])("%j is refused", (words, line) => {
  expect(() => parseRehearse(words)).toThrow(line);
});

test("products of a file", () => {
  expect(parseRehearse({ products: fileOf("good", "mug\nBANK CHARGES\nmug\n") }).ids).toEqual([
    "mug",
    "BANK CHARGES",
  ]);
});
