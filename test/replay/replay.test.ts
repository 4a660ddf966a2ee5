import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { eventKinds, parseStoredSubject } from "../../streams/subjects.ts";
import { foldRecorded, goldenFile, readRecorded } from "./recorded.ts";

/**
 * Logs outlive the code that wrote them: this one was recorded once, and what it means must not change by
 * accident. Where a fold changes on purpose, raise `foldRevision` and record the golden file anew.
 */
test("the recorded log folds to the recorded bytes", async () => {
  const folded = await foldRecorded(readRecorded());
  // The formatter decides about the white space of the file, and about nothing else.
  const golden = JSON.stringify(JSON.parse(readFileSync(goldenFile, "utf8")), null, 2);
  expect(folded).toBe(`${golden}\n`);
});

test("the recorded log is in order and holds every kind of event, and bad ones", () => {
  const lines = readRecorded();
  expect(lines.map(({ sequence }) => sequence)).toEqual(lines.map((_, at) => at + 1));
  const parsed = lines.map(({ subject }) => parseStoredSubject(subject));
  const kinds = new Set(parsed.map((named) => ("kind" in named ? named.kind : "bad")));
  expect(kinds).toEqual(new Set([...Object.keys(eventKinds.catalog), "bad"]));
});
