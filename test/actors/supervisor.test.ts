import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Actor, supervise } from "../../actors/supervisor.ts";
import { silent } from "../projections/projecting.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const options = {
  journal: silent,
  now: () => Date.now(),
  pauseMs: { first: 100, most: 400 },
  stuckMs: 10_000,
};

/** Ends when it is told to. */
function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}

test("an actor that lives is left alone", async () => {
  const create = vi.fn((): Actor => ({ run: untilAborted, aliveAt: () => Date.now() }));
  const supervisor = supervise("actor", create, options);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(create).toHaveBeenCalledTimes(1);
  expect(supervisor.restarts).toBe(0);
  await supervisor.stop();
});

test("one that throws is started again, each time after a longer pause, up to a limit", async () => {
  const startedAt: number[] = [];
  const birth = Date.now();
  const create = (): Actor => ({
    async run() {
      startedAt.push(Date.now() - birth);
      throw new Error("broken");
    },
  });
  const supervisor = supervise("actor", create, options);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(startedAt.slice(0, 6)).toEqual([0, 100, 300, 700, 1_100, 1_500]);
  expect(supervisor.restarts).toBe(startedAt.length);
  await supervisor.stop();
});

test("one that ended by itself is started again as well", async () => {
  const create = vi.fn((): Actor => ({ run: async () => {} }));
  const supervisor = supervise("actor", create, options);
  await vi.advanceTimersByTimeAsync(100);
  expect(create).toHaveBeenCalledTimes(2);
  await supervisor.stop();
});

test("after a long good life the pause is short again", async () => {
  const startedAt: number[] = [];
  const create = (): Actor => ({
    async run(signal) {
      startedAt.push(Date.now());
      if (startedAt.length === 4)
        await Promise.race([untilAborted(signal), new Promise((end) => setTimeout(end, 5_000))]);
      throw new Error("broken");
    },
  });
  const supervisor = supervise("actor", create, options);
  await vi.advanceTimersByTimeAsync(6_000);
  expect((startedAt[4] ?? 0) - (startedAt[3] ?? 0)).toBe(5_000 + 100);
  await supervisor.stop();
});

test("one that stands still is told to stop, and a fresh one takes its place", async () => {
  const signals: AbortSignal[] = [];
  const create = (): Actor => {
    const born = Date.now();
    return {
      run(signal) {
        signals.push(signal);
        // Hangs for ever, abort or not; its successor lives.
        return signals.length === 1 ? new Promise(() => {}) : untilAborted(signal);
      },
      aliveAt: () => (signals.length === 1 ? born : Date.now()),
    };
  };
  const supervisor = supervise("actor", create, options);
  await vi.advanceTimersByTimeAsync(9_999);
  expect(signals).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  expect(supervisor.restarts).toBe(1);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(signals).toHaveLength(2);
  await supervisor.stop();
});

test("one without a sign of life is never called stuck", async () => {
  const create = vi.fn((): Actor => ({ run: untilAborted }));
  const supervisor = supervise("actor", create, options);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(create).toHaveBeenCalledTimes(1);
  await supervisor.stop();
});

test("stop ends the actor and waits until it has ended", async () => {
  let ended = false;
  const create = (): Actor => ({
    async run(signal) {
      await untilAborted(signal);
      await new Promise((resolve) => setTimeout(resolve, 500));
      ended = true;
    },
  });
  const supervisor = supervise("actor", create, options);
  const stopped = supervisor.stop().then(() => expect(ended).toBe(true));
  await vi.advanceTimersByTimeAsync(499);
  expect(ended).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  await stopped;
  expect(vi.getTimerCount()).toBe(0);
});

test("stop does not wait for ever for one that does not end", async () => {
  const supervisor = supervise("actor", () => ({ run: () => new Promise(() => {}) }), options);
  const stopped = vi.fn();
  void supervisor.stop().then(stopped);
  await vi.advanceTimersByTimeAsync(1_999);
  expect(stopped).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(stopped).toHaveBeenCalled();
});

test("stop during a pause starts nothing more", async () => {
  const create = vi.fn((): Actor => ({ run: () => Promise.reject(new Error("broken")) }));
  const supervisor = supervise("actor", create, options);
  await vi.advanceTimersByTimeAsync(50);
  await supervisor.stop();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(create).toHaveBeenCalledTimes(1);
});

test("an actor that cannot even be made is tried again", async () => {
  const create = vi.fn((): Actor => {
    throw new Error("no such stream");
  });
  const supervisor = supervise("actor", create, options);
  await vi.advanceTimersByTimeAsync(150);
  expect(create).toHaveBeenCalledTimes(2);
  await supervisor.stop();
});

test("one whose watcher stood still with it has a round to give a sign of life", async () => {
  let stoodMs = 0;
  let aliveAt = 0;
  const now = () => Date.now() + stoodMs;
  const create = vi.fn((): Actor => ({ run: untilAborted, aliveAt: () => aliveAt }));
  const living = setInterval(() => (aliveAt = now()), 500);
  const supervisor = supervise("actor", create, { ...options, now });
  await vi.advanceTimersByTimeAsync(1_999);
  // The whole process: its watcher runs before the actor has had its turn.
  stoodMs = 60_000;
  await vi.advanceTimersByTimeAsync(30_000);
  clearInterval(living);
  expect(create).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(create.mock.calls.length).toBeGreaterThan(1);
  await supervisor.stop();
});
