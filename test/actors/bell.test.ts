import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createBell } from "../../actors/bell.ts";
import { pause } from "../../actors/pause.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = new AbortController().signal;

/** When the wait ends, in milliseconds from now on. */
async function lasts(wait: Promise<void>): Promise<number> {
  const begun = Date.now();
  let ended: number | undefined;
  void wait.then(() => {
    ended = Date.now() - begun;
  });
  while (ended === undefined) await vi.advanceTimersByTimeAsync(1);
  return ended;
}

test("it wakes who waits, whoever comes next if nobody does, and only once", async () => {
  const bell = createBell(pause);
  const wait = bell.wait(1_000, never);
  bell.ring();
  expect(await lasts(wait)).toBeLessThan(5);
  bell.ring();
  bell.ring();
  expect(await lasts(bell.wait(1_000, never))).toBeLessThan(5);
  expect(await lasts(bell.wait(50, never))).toBe(50);
});

test("a signal ends the wait, and nothing of it is left", async () => {
  const bell = createBell(pause);
  const stopping = new AbortController();
  const wait = bell.wait(1_000, stopping.signal);
  stopping.abort();
  expect(await lasts(wait)).toBeLessThan(5);
  expect(await lasts(bell.wait(1_000, stopping.signal))).toBeLessThan(5);
  expect(vi.getTimerCount()).toBe(0);
});
