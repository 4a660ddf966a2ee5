import fc from "fast-check";
import { expect, test } from "vitest";
import {
  foldRevision,
  sameLineage,
  sequenceOf,
  versionLength,
  versionsOf,
} from "../../projections/version.ts";

/** Nine base-36 digits last until the year 5188. */
const epochs = fc.integer({ min: 0, max: 36 ** 9 - 1 });
const sequences = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const revisions = fc.integer({ min: 1, max: 999 });
const places = fc.tuple(epochs, revisions, sequences);

test("versions sort as texts as epoch, revision and sequence sort as numbers", () => {
  fc.assert(
    fc.property(places, places, ([epochA, revisionA, a], [epochB, revisionB, b]) => {
      const order = epochA - epochB || revisionA - revisionB || a - b;
      const [one, other] = [versionsOf(epochA, revisionA)(a), versionsOf(epochB, revisionB)(b)];
      expect(one < other ? -1 : one > other ? 1 : 0).toBe(Math.sign(order));
    }),
  );
});

test("a version has one length and gives its sequence back", () => {
  fc.assert(
    fc.property(places, ([epoch, revision, sequence]) => {
      const version = versionsOf(epoch, revision)(sequence);
      expect(version).toHaveLength(versionLength);
      expect(sequenceOf(version)).toBe(sequence);
    }),
  );
});

test("only versions of one log and one fold are of one lineage", () => {
  const version = versionsOf(1_000)(5);
  expect(sameLineage(version, versionsOf(1_000)(9))).toBe(true);
  expect(sameLineage(version, versionsOf(1_001)(5))).toBe(false);
  expect(sameLineage(version, versionsOf(1_000, foldRevision + 1)(5))).toBe(false);
});
