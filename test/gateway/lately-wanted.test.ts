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

test("it knows no more keys than it has room for, however many came", () => {
  const lately = createLatelyWanted(64);
  const keys = Array.from({ length: 5_000 }, (_, at) => `SKU-${at}`);
  for (const key of keys) lately.wasWanted(key);
  const known = keys.reverse().filter((key) => lately.wasWanted(key));
  expect(known.length).toBeGreaterThan(0);
  expect(known.length).toBeLessThanOrEqual(64);
});

test("it takes 4 MiB at the most, whatever the size of the cache, and no more later", () => {
  const before = process.memoryUsage().arrayBuffers;
  const lately = createLatelyWanted(Number.POSITIVE_INFINITY);
  for (let at = 0; at < 10_000; at++) lately.wasWanted(`SKU-${at}`);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThanOrEqual(4 * 1024 * 1024);
  expect(lately.wasWanted("SKU-9999")).toBe(true);
});
