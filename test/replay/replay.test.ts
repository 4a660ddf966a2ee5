import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { eventKinds, parseStoredSubject } from "../../streams/subjects.ts";
import { foldRecorded, goldenFile, readRecorded, recordings } from "./recorded.ts";

/**
 * Logs outlive the code that wrote them: each was recorded once, by the release that brought a new version of a
 * payload, and what it means must not change by accident. Where a fold changes on purpose, raise `foldRevision`
 * and record the golden files anew.
 */
test.each(recordings)("the log of %s folds to the recorded bytes", async (name) => {
  const folded = await foldRecorded(readRecorded(name));
  // The formatter decides about the white space of the file, and about nothing else.
  const golden = JSON.stringify(JSON.parse(readFileSync(goldenFile(name), "utf8")), null, 2);
  expect(folded).toBe(`${golden}\n`);
});

test.each(recordings)("the log of %s is in order and holds every kind of event, and bad ones", (name) => {
  const lines = readRecorded(name);
  expect(lines.map(({ sequence }) => sequence)).toEqual(lines.map((_, at) => at + 1));
  const parsed = lines.map(({ subject }) => parseStoredSubject(subject));
  const kinds = new Set(parsed.map((named) => ("kind" in named ? named.kind : "bad")));
  expect(kinds).toEqual(new Set([...Object.keys(eventKinds.catalog), "bad"]));
});

test("the release that brought stock by place has both versions of it in its log, and one that is unknown", () => {
  const headers = readRecorded("v2")
    .filter(({ subject }) => subject.includes(".inventory.changed."))
    .map((line) => line.headers?.["ce-dataschema"]);
  const uri = "urn:shelfwire:inventory.changed:";
  expect(new Set(headers)).toEqual(new Set([undefined, `${uri}2`, `${uri}9`]));
});
