import fc from "fast-check";
import { expect, test } from "vitest";
import { aspects } from "../../projections/aspects.ts";
import { type Change, decodeChange, encodeChange, groupName, treeName } from "../../projections/changes.ts";
import { inLife } from "../../projections/version.ts";
import { id } from "../streams/id.ts";
import { v } from "./read-model-adapters.ts";

const change: Change = {
  by: "owner",
  count: 7,
  moves: [
    { partition: 0, from: undefined, to: inLife(v(4), "5f0c9a1e"), headAt: 1_000 },
    { partition: 3, from: v(3), to: v(4), headAt: 1_000 },
    { partition: 15, from: v(3), to: v(4), headAt: 1_000 },
  ],
  products: new Map([
    [id("lamp"), aspects.price],
    [id("röd stol"), aspects.details | aspects.stock],
  ]),
  names: [groupName(id("a {group}")), treeName],
};

test.each([
  ["a change", change],
  ["one of too many products", { ...change, products: undefined, names: [] }],
  ["a sign of life", { ...change, products: new Map(), names: [] }],
])("%s is understood as it was said", (_, said) => {
  expect(decodeChange(encodeChange(said))).toEqual(said);
});

test("moves that are alike travel as one", () => {
  const moves = Array.from({ length: 16 }, (_, partition) => ({
    partition,
    from: v(3),
    to: v(4),
    headAt: 9,
  }));
  expect(encodeChange({ ...change, moves, products: new Map(), names: [] }).byteLength).toBeLessThan(250);
});

const word = JSON.parse(Buffer.from(encodeChange(change)).toString()) as Record<string, unknown>;

test.each([
  ["nothing", ""],
  ["no JSON", "{"],
  ["no object", "null"],
  ["another version", { ...word, v: 1 }],
  ["no moves", { ...word, moves: undefined }],
  ["a move that is none", { ...word, moves: [3] }],
  ["a partition that there is not", { ...word, moves: [[[16], null, v(1), 0]] }],
  ["a position that is none", { ...word, moves: [[[1], null, "x", 0]] }],
  ["a position with more behind it", { ...word, moves: [[[1], null, `${v(1)}~1`, 0]] }],
  ["a moment that is none", { ...word, moves: [[[1], null, v(1), null]] }],
  ["products that are no texts", { ...word, products: [1] }],
  ["nobody's word", { ...word, by: 3 }],
  ["a word without its number", { ...word, count: "1" }],
  ["a product without an aspect", { ...word, products: [["lamp", 0]] }],
  ["aspects that there are not", { ...word, products: [["lamp", 64]] }],
  ["names that are no list", { ...word, names: "x" }],
])("%s is no word", (_, said) => {
  const text = typeof said === "string" ? said : JSON.stringify(said);
  expect(decodeChange(Buffer.from(text))).toBeUndefined();
});

test("whatever comes, nothing is thrown", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => Buffer.from(text)),
      ),
      (bytes) => {
        decodeChange(bytes);
      },
    ),
  );
});
