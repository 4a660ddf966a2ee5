import { beforeEach, expect, test } from "vitest";
import { type Breaker, BreakerOpen, type BreakerState, createBreaker } from "../../api/breaker.ts";

/** Time is the test's own. */
let now: number;
let states: BreakerState[];
let breaker: Breaker;

class Away extends Error {}

beforeEach(() => {
  now = 0;
  states = [];
  breaker = createBreaker({
    name: "the server",
    isFailure: (error) => error instanceof Away,
    onState: (state) => states.push(state),
    now: () => now,
  });
});

type Outcome = "ok" | "failed" | "refused";

async function call(error?: Error): Promise<Outcome> {
  try {
    await breaker.run(async () => {
      if (error !== undefined) throw error;
    });
    return "ok";
  } catch (thrown) {
    return thrown instanceof BreakerOpen ? "refused" : "failed";
  }
}

async function calls(count: number, error?: Error): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let at = 0; at < count; at++) outcomes.push(await call(error));
  return outcomes;
}

test("three failures in a row open it, and nothing is asked any more", async () => {
  expect(await calls(5, new Away())).toEqual(["failed", "failed", "failed", "refused", "refused"]);
  expect([breaker.state, states]).toEqual(["open", ["open"]]);
});

test("failures with successes between them do not, and errors that the server answered are none", async () => {
  for (let at = 0; at < 5; at++) expect(await calls(2, new Away())).not.toContain(await call());
  expect(await calls(10, new Error("no such thing"))).toEqual(Array(10).fill("failed"));
  expect(breaker.state).toBe("closed");
});

test("after a pause one call is the probe, and only one; pauses double up to 30 s", async () => {
  await calls(3, new Away());
  const pauses: number[] = [];
  for (let probe = 0; probe < 8; probe++) {
    const from = now;
    while ((await call(new Away())) === "refused") now += 500;
    pauses.push(now - from);
  }
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  now += 30_000;
  const slow = Promise.withResolvers<void>();
  const probe = breaker.run(() => slow.promise);
  expect(await calls(3)).toEqual(["refused", "refused", "refused"]);
  slow.resolve();
  await probe;
  expect(breaker.state).toBe("returning");
});

test("a sign of life makes the next call the probe", async () => {
  await calls(3, new Away());
  breaker.nudge();
  expect(await call()).toBe("ok");
  expect(states).toEqual(["open", "returning"]);
});

test("calls come back by and by, and a failure among them opens it again", async () => {
  await calls(3, new Away());
  breaker.nudge();
  await call();
  const admitted = async () => (await calls(100)).filter((outcome) => outcome === "ok").length;
  expect(await admitted()).toBe(12);
  now += 1_500;
  expect(await admitted()).toBe(63);
  now += 1_200;
  expect(await admitted()).toBe(100);
  expect(states).toEqual(["open", "returning", "closed"]);

  await calls(3, new Away());
  breaker.nudge();
  await call();
  expect((await calls(20, new Away())).filter((outcome) => outcome === "failed")).toHaveLength(1);
  expect(breaker.state).toBe("open");
});

test("a call from before that ends well does not close what was opened since", async () => {
  const slow = Promise.withResolvers<void>();
  const before = breaker.run(() => slow.promise);
  await calls(3, new Away());
  slow.resolve();
  await before;
  expect([breaker.state, await call()]).toEqual(["open", "refused"]);
});
