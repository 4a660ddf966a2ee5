import { expect, test } from "vitest";
import { createLatelyWanted } from "../../api/gateway/lately-wanted.ts";

test("who comes back is known", () => {
  const lately = createLatelyWanted(1_000);
  const keys = Array.from({ length: 20 }, (_, at) => `SKU-${at}`);
  expect(keys.map((key) => lately.wasWanted(key))).toEqual(keys.map(() => false));
  expect(keys.map((key) => lately.wasWanted(key))).toEqual(keys.map(() => true));
});

test("who comes back after very many others is not", () => {
  const lately = createLatelyWanted(64);
  lately.wasWanted("lamp");
  for (let at = 0; at < 2_000; at++) lately.wasWanted(`SKU-${at}`);
  expect(lately.wasWanted("lamp")).toBe(false);
});

test.each([0, Number.POSITIVE_INFINITY])("a cache for %d answers has room for some", (keys) => {
  const lately = createLatelyWanted(keys);
  lately.wasWanted("lamp");
  expect(lately.wasWanted("lamp")).toBe(true);
});
