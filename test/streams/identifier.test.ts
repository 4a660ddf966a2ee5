import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { identifierOf, identifierProblem, parseIdentifier, tokenOf } from "../../streams/identifier.ts";
import { id } from "./id.ts";

describe("an identifier is any text of 1 to 128 bytes, and has one token", () => {
  test.each([
    ["85123A", "85123A"],
    ["a_b-C", "a_b-C"],
    ["BANK CHARGES", "BANK=20CHARGES"],
    ["röd-stol", "r=C3=B6d-stol"],
    ["a.b", "a=2Eb"],
    ["...", "=2E=2E=2E"],
    ["*", "=2A"],
    [">", "=3E"],
    ["$JS", "=24JS"],
    ["a=20b", "a=3D20b"],
    ["{tag}:x", "=7Btag=7D=3Ax"],
    [" ", "=20"],
    ["a,b|c", "a=2Cb=7Cc"],
    ["../etc", "=2E=2E=2Fetc"],
    ["💡", "=F0=9F=92=A1"],
    ["\u00a0", "=C2=A0"],
    ["\ufeffx", "=EF=BB=BFx"],
    ["__proto__", "__proto__"],
    ["constructor", "constructor"],
    ["a".repeat(128), "a".repeat(128)],
    ["é".repeat(64), "=C3=A9".repeat(64)],
  ])("%j is %s", (text, token) => {
    expect(identifierProblem(text)).toBeUndefined();
    expect(tokenOf(id(text))).toBe(token);
    expect(identifierOf(token)).toBe(text);
  });
});

describe("what is no identifier is refused with its reason", () => {
  test.each([
    ["", "must not be empty"],
    [".", 'must not be "." or ".."'],
    ["..", 'must not be "." or ".."'],
    ["a\0", "must not hold control characters"],
    ["a\r\nPUB x 0", "must not hold control characters"],
    ["\t", "must not hold control characters"],
    ["\u007f", "must not hold control characters"],
    ["\u0085", "must not hold control characters"],
    ["cafe\u0301", "must be in Unicode's composed form (NFC)"],
    ["\u212b", "must be in Unicode's composed form (NFC)"],
    ["\ud800", "must be well-formed Unicode (it holds a lone surrogate)"],
    ["a\udc00b", "must be well-formed Unicode (it holds a lone surrogate)"],
    ["a".repeat(129), "must be at most 128 bytes in UTF-8"],
    [`${"é".repeat(64)}a`, "must be at most 128 bytes in UTF-8"],
  ])("%j", (text, problem) => {
    expect(identifierProblem(text)).toBe(problem);
    expect(parseIdentifier(text)).toBeUndefined();
  });
});

describe("a spelling that is not the canonical token names nothing", () => {
  test.each([
    ["", "nothing"],
    ["=41", "a letter that needs no escape"],
    ["a=5Fb", "an underscore that needs none"],
    ["r=c3=b6d", "lower-case digits"],
    ["=2", "half an escape"],
    ["a=", "no digits"],
    ["=G0", "no hex digits"],
    ["a b", "a plain space"],
    ["röd", "a plain umlaut"],
    ["a.b", "a plain dot"],
    ["=C3", "half a character"],
    ["=C0=AE", "an overlong dot"],
    ["=ED=A0=80", "a surrogate"],
    ["cafe=CC=81", "decomposed text"],
    ["=00", "a control character"],
    ["=2E", "a dot alone"],
    ["=2E=2E", "two dots alone"],
    ["a".repeat(129), "too much"],
    ["=C3=A9".repeat(65), "too much behind escapes"],
  ])("%s: %s", (token) => {
    expect(identifierOf(token)).toBeUndefined();
  });
});

const identifiers = fc
  .string({ unit: "binary", maxLength: 60 })
  .map((text) => parseIdentifier(text.normalize("NFC")))
  .filter((parsed) => parsed !== undefined);

test("every identifier round-trips through a token of safe characters", () => {
  fc.assert(
    fc.property(identifiers, (identifier) => {
      const token = tokenOf(identifier);
      expect(token).toMatch(/^[A-Za-z0-9_=-]{1,384}$/);
      expect(identifierOf(token)).toBe(identifier);
    }),
    { numRuns: 2_000 },
  );
});

test("no two identifiers share a token", () => {
  fc.assert(
    fc.property(identifiers, identifiers, (one, other) => {
      expect(tokenOf(one) === tokenOf(other)).toBe(one === other);
    }),
  );
});

test("whatever has the shape of a token is the token of what it names, or names nothing", () => {
  const shapes = fc.stringMatching(/^(?:[A-Za-z0-9_-]|=[0-9A-F]{2}){1,12}$/);
  fc.assert(
    fc.property(shapes, (token) => {
      const identifier = identifierOf(token);
      if (identifier !== undefined) expect(tokenOf(identifier)).toBe(token);
    }),
    { numRuns: 2_000 },
  );
});
