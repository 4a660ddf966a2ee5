import { expect, test } from "vitest";
import { createLru } from "../../bench/lru.ts";

test("what was read or written last goes last", () => {
  const cache = createLru<number>(30);
  for (const [at, key] of ["a", "b", "c"].entries()) cache.set(key, at, 10);
  cache.get("a");
  cache.set("d", 3, 10);
  expect(["a", "b", "c", "d"].map((key) => cache.get(key))).toEqual([0, undefined, 2, 3]);
  cache.set("e", 4, 20);
  expect(["a", "c", "d", "e"].map((key) => cache.get(key))).toEqual([undefined, undefined, 3, 4]);
  expect([cache.bytes, cache.size]).toEqual([30, 2]);
});

test("a value that is replaced gives its bytes back, and what is larger than all of it is not kept", () => {
  const cache = createLru<number>(20);
  cache.set("a", 1, 10);
  cache.set("a", 2, 20);
  expect([cache.get("a"), cache.bytes, cache.size]).toEqual([2, 20, 1]);
  cache.set("b", 3, 21);
  expect([cache.get("a"), cache.get("b"), cache.bytes]).toEqual([2, undefined, 20]);
});
