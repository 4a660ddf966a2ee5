import { expect, test } from "vitest";
import { createRandom } from "../../ops/demo/random.ts";
import { createHistogram, histogramOf } from "../../ops/rehearse/histogram.ts";

const shares = [0, 0.1, 0.5, 0.9, 0.99, 0.999, 1];

test("quantiles are those of the sorted times, to one part in 128", () => {
  const random = createRandom(1, 0);
  // From a microsecond to a quarter of an hour, each order of magnitude as often.
  const times = Array.from({ length: 20_000 }, () => Math.round(10 ** (9 * random.next())) / 1_000);
  const histogram = createHistogram();
  for (const time of times) histogram.record(time);
  const sorted = [...times].sort((a, b) => a - b);
  for (const share of shares) {
    const exact = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
    const told = histogram.quantile(share);
    expect(told, `${share}`).toBeGreaterThanOrEqual(exact);
    expect(told, `${share}`).toBeLessThanOrEqual(exact * (1 + 1 / 128));
  }
  expect(histogram.count).toBe(times.length);
  expect(histogram.max).toBe(sorted.at(-1));
});

test("below a quarter of a millisecond nothing is lost", () => {
  for (let micros = 0; micros < 256; micros++) {
    const histogram = createHistogram();
    histogram.record(micros / 1_000);
    histogram.record(10);
    expect(histogram.quantile(0.5)).toBe(micros / 1_000);
  }
});

test("what is held goes on elsewhere", () => {
  const histogram = createHistogram();
  for (const time of [1, 2, 3]) histogram.record(time);
  const other = histogramOf(structuredClone(histogram.held()));
  other.record(4);
  expect(other.count).toBe(4);
  expect(other.max).toBe(4);
  expect(other.quantile(0.5)).toBeCloseTo(2, 1);
});

test("of nothing there is no quantile, and what lasts too long counts as the longest", () => {
  const histogram = createHistogram();
  expect(histogram.quantile(0.5)).toBeNaN();
  histogram.record(10 ** 9);
  histogram.record(-1);
  expect(histogram.quantile(0)).toBe(0);
  expect(histogram.quantile(1)).toBeGreaterThan(1_000_000);
});
