import fc from "fast-check";
import { expect, test } from "vitest";
import {
  revisionOf,
  sameLog,
  sequenceOf,
  versionLength,
  versionsOf,
  withRevision,
} from "../../projections/version.ts";

/** Nine base-36 digits last until the year 5188. */
const epochs = fc.integer({ min: 0, max: 36 ** 9 - 1 });
const sequences = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const revisions = fc.integer({ min: 1, max: 999 });
const places = fc.tuple(epochs, revisions, sequences);

test("versions sort as texts as epoch, sequence and revision sort as numbers", () => {
  fc.assert(
    fc.property(places, places, ([epochA, revisionA, a], [epochB, revisionB, b]) => {
      const order = epochA - epochB || a - b || revisionA - revisionB;
      const [one, other] = [versionsOf(epochA, revisionA)(a), versionsOf(epochB, revisionB)(b)];
      expect(one < other ? -1 : one > other ? 1 : 0).toBe(Math.sign(order));
    }),
  );
});

test("a version has one length and gives its sequence and its revision back", () => {
  fc.assert(
    fc.property(places, ([epoch, revision, sequence]) => {
      const version = versionsOf(epoch, revision)(sequence);
      expect(version).toHaveLength(versionLength);
      expect(sequenceOf(version)).toBe(sequence);
      expect(revisionOf(version)).toBe(revision);
      expect(withRevision(versionsOf(epoch, 1)(sequence), revision)).toBe(version);
    }),
  );
});

test("versions are of one log by its epoch, whichever fold made them", () => {
  const version = versionsOf(1_000)(5);
  expect(sameLog(version, versionsOf(1_000)(9))).toBe(true);
  expect(sameLog(version, versionsOf(1_000, 999)(5))).toBe(true);
  expect(sameLog(version, versionsOf(1_001)(5))).toBe(false);
});
