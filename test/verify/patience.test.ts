import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createPatience } from "../../ops/verify/patience.ts";

/** How long a comparison is made again before it counts. Time is simulated. */

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Result {
  readonly right: boolean;
  readonly degraded: boolean;
}

/** What `results` end with, the last one for ever, and how many were made. */
async function compared(moving: boolean, ...results: readonly Result[]) {
  let made = 0;
  const patience = createPatience(async () => moving);
  const found = patience.until(
    async () => results[Math.min(made++, results.length - 1)] as Result,
    ({ right }) => right,
    ({ degraded }) => degraded,
  );
  await vi.runAllTimersAsync();
  return [(await found).right, made];
}

const right = { right: true, degraded: false };
const wrong = { right: false, degraded: false };
const unsure = { right: false, degraded: true };

test("what is right needs one look", async () => {
  expect(await compared(true, right)).toEqual([true, 1]);
});

test("what is wrong while nothing moves is looked at twice", async () => {
  expect(await compared(false, wrong, wrong, right)).toEqual([false, 2]);
});

test("what is wrong while something moves is looked at for as long as the patience lasts", async () => {
  expect(await compared(true, ...Array(8).fill(wrong), right)).toEqual([true, 9]);
  const [isRight, made] = await compared(true, wrong);
  expect([isRight, (made as number) > 30]).toEqual([false, true]);
});

test("so is what says itself that it may not be whole, also while nothing moves", async () => {
  expect(await compared(false, unsure, unsure, unsure, right)).toEqual([true, 4]);
  expect((await compared(false, unsure))[0]).toBe(false);
});
