import fc from "fast-check";
import { expect, test } from "vitest";
import { backoffMs, createTokenBucket } from "../../actors/edge-purge/pace.ts";

test("in no stretch of time more calls are made than the bucket holds and refills", () => {
  const rates = fc.record({
    callsAtOnce: fc.integer({ min: 1, max: 50 }),
    callsPerSecond: fc.double({ min: 0.05, max: 50, noNaN: true }),
  });
  fc.assert(
    fc.property(rates, fc.array(fc.nat(3_000), { minLength: 10, maxLength: 200 }), (limits, pauses) => {
      const bucket = createTokenBucket(limits);
      const calls: number[] = [];
      let now = 1_000_000;
      for (const ms of pauses) {
        now += ms;
        now += bucket.waitMs(now);
        expect(bucket.waitMs(now)).toBe(0);
        bucket.spend(now);
        calls.push(now);
      }
      for (const [first, from] of calls.entries()) {
        for (const [offset, to] of calls.slice(first).entries()) {
          const most = limits.callsAtOnce + ((to - from) * limits.callsPerSecond) / 1_000;
          expect(offset + 1).toBeLessThanOrEqual(most + 1e-6);
        }
      }
    }),
  );
});

test("a pause doubles up to five seconds, by chance at least half of it, and is what the provider asked for where that is longer", () => {
  const pauses = (random: number) =>
    [1, 2, 3, 6, 7, 50].map((failures) => backoffMs(failures, 0, () => random));
  expect(pauses(1)).toEqual([100, 200, 400, 3_200, 5_000, 5_000]);
  expect(pauses(0)).toEqual([50, 100, 200, 1_600, 2_500, 2_500]);
  expect(backoffMs(1, 30_000, () => 1)).toBe(30_000);
  expect(backoffMs(9, 1_000, () => 1)).toBe(5_000);
  expect(backoffMs(1, 86_400_000, () => 1)).toBe(120_000);
});
