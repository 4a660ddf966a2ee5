import { expect, test } from "vitest";
import { createRandom } from "../../ops/demo/random.ts";
import { createZipf } from "../../ops/rehearse/zipf.ts";

const draws = 200_000;

test.each([
  [1, 1],
  [2, 1],
  [10, 1],
  [1_000, 1],
  [1_000_000, 1],
  [1_000, 0.7],
  [1_000, 1.3],
])("ranks of %i follow Zipf's law with exponent %d", (size, exponent) => {
  const rank = createZipf(size, exponent, createRandom(1, 0).next);
  const counts = new Map<number, number>();
  for (let draw = 0; draw < draws; draw++) {
    const one = rank();
    counts.set(one, (counts.get(one) ?? 0) + 1);
  }
  let all = 0;
  for (let one = 1; one <= size; one++) all += one ** -exponent;
  // Each of the first ranks alone, and then ranges that double: all within five standard deviations.
  for (let from = 1; from <= size; ) {
    const to = from < 16 ? from : Math.min(size, 2 * from - 1);
    let seen = 0;
    let share = 0;
    for (let one = from; one <= to; one++) {
      seen += counts.get(one) ?? 0;
      share += one ** -exponent / all;
    }
    const deviation = Math.sqrt(draws * share * Math.max(0, 1 - share));
    expect(Math.abs(seen - draws * share), `ranks ${from} to ${to}`).toBeLessThanOrEqual(
      5 * deviation + 1e-6,
    );
    from = to + 1;
  }
  for (const one of counts.keys()) expect(Number.isInteger(one) && one >= 1 && one <= size).toBe(true);
});

test("a seed gives the same ranks each time, and another one others", () => {
  const ranksOf = (seed: number) => {
    const rank = createZipf(1_000_000, 1, createRandom(seed, 0).next);
    return Array.from({ length: 100 }, rank);
  };
  expect(ranksOf(7)).toEqual(ranksOf(7));
  expect(ranksOf(7)).not.toEqual(ranksOf(8));
});
