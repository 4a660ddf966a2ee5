import fc from "fast-check";
import { expect, test } from "vitest";
import { createWords } from "../../projections/redis/words.ts";

/** RESP as its specification has it: an array of bulk strings, each with its length in bytes. */
function plainly(words: readonly string[]): string {
  const bulk = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return `*${words.length}\r\n${bulk.join("")}`;
}

const lengths = [0, 1, 9, 10, 11, 63, 64, 65, 99, 100, 101, 998, 999, 1_000, 9_999, 10_000];
const ofLength = fc
  .tuple(fc.constantFrom("a", "é", "€", "💡", "\r\n", "\0"), fc.constantFrom(...lengths))
  .map(([unit, length]) => unit.repeat(length).slice(0, length).toWellFormed());
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 80 }).map((any) => any.toWellFormed()),
  ofLength,
);
const word = fc.oneof(
  text.map((whole) => ({ whole })),
  fc.record({ before: fc.stringMatching(/^[a-z0-9/.]{1,30}$/), whole: text }),
);

test("words of any characters and lengths make the command that RESP wants, one after the other", () => {
  const words = createWords();
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (sent) => {
      for (const one of sent) {
        if ("before" in one) words.pair(one.before, one.whole);
        else words.text(one.whole);
      }
      const texts = sent.map((one) => ("before" in one ? `${one.before} ${one.whole}` : one.whole));
      expect(words.take().toString()).toBe(plainly(texts));
    }),
    { numRuns: 500 },
  );
});

test("a command stays as it is when the next one is written", () => {
  const words = createWords();
  words.text("first");
  const first = words.take();
  words.text("x".repeat(200_000));
  expect(first.toString()).toBe(plainly(["first"]));
  expect(words.take().toString()).toBe(plainly(["x".repeat(200_000)]));
});
