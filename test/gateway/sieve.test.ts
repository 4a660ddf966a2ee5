import fc from "fast-check";
import { expect, test } from "vitest";
import { createSieve } from "../../api/gateway/sieve.ts";

test("what was read stays, what nobody read goes first, the oldest of it first", () => {
  const gone: string[] = [];
  const cache = createSieve<number>(30, (_, key) => gone.push(key));
  for (const [at, key] of ["a", "b", "c"].entries()) cache.set(key, at, 10);
  cache.get("a");
  cache.peek("b");
  cache.set("d", 3, 10);
  expect(gone).toEqual(["b"]);
  // The hand goes on from where it stopped: what is new is not what goes.
  cache.set("e", 4, 10);
  expect([gone, cache.get("a"), cache.get("d"), cache.get("e")]).toEqual([["b", "c"], 0, 3, 4]);
});

test("a value that is replaced goes, and its reader's mark stays", () => {
  const gone: number[] = [];
  const cache = createSieve<number>(20, (value) => gone.push(value));
  cache.set("a", 1, 10);
  cache.get("a");
  cache.set("a", 2, 10);
  cache.set("b", 3, 10);
  cache.set("c", 4, 10);
  expect([gone, cache.get("a"), cache.size, cache.bytes]).toEqual([[1, 3], 2, 2, 20]);
});

test("what is larger than all of it is not kept, and costs nobody a place", () => {
  const cache = createSieve<number>(20);
  cache.set("a", 1, 10);
  cache.set("b", 2, 21);
  expect([cache.get("a"), cache.get("b"), cache.bytes]).toEqual([1, undefined, 10]);
});

test("whatever is done, it holds no more than its bytes, and what it holds is what was put last", () => {
  const key = fc.constantFrom("a", "b", "c", "d", "e", "f");
  const step = fc.oneof(
    fc.record({ what: fc.constant("set" as const), key, bytes: fc.integer({ min: 1, max: 60 }) }),
    fc.record({ what: fc.constantFrom("get" as const, "delete" as const), key, bytes: fc.constant(0) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: "max" }), (steps) => {
      const last = new Map<string, { value: number; bytes: number }>();
      const held = new Set<number>();
      const cache = createSieve<number>(100, (value) => held.delete(value));
      for (const [value, one] of steps.entries()) {
        if (one.what === "get") cache.get(one.key);
        else if (one.what === "delete") {
          cache.delete(one.key);
          expect(cache.peek(one.key)).toBeUndefined();
        } else {
          held.add(value);
          cache.set(one.key, value, one.bytes);
          last.set(one.key, { value, bytes: one.bytes });
          expect(cache.peek(one.key)).toBe(value);
        }
        let bytes = 0;
        for (const [name, { value: put, bytes: size }] of last) {
          const found = cache.peek(name);
          if (found === undefined) continue;
          expect(found).toBe(put);
          bytes += size;
        }
        expect([cache.bytes, cache.size]).toEqual([bytes, held.size]);
        expect(bytes).toBeLessThanOrEqual(100);
      }
    }),
  );
});
