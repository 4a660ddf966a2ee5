import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Breaker, BreakerOpen, type BreakerState, createBreaker } from "../../api/breaker.ts";

/** Time is the test's own. */
let now: number;
let states: BreakerState[];
let breaker: Breaker;

class Away extends Error {}

function create(returnMs: number): Breaker {
  return createBreaker({
    name: "the server",
    isFailure: (error) => error instanceof Away,
    patienceMs: 250,
    returnMs,
    onState: (state) => states.push(state),
    now: () => now,
  });
}

beforeEach(() => {
  now = 0;
  states = [];
  breaker = create(3_000);
});

type Outcome = "ok" | "failed" | "refused";

async function call(error?: Error, took = 0): Promise<Outcome> {
  try {
    await breaker.run(async () => {
      now += took;
      if (error !== undefined) throw error;
    });
    return "ok";
  } catch (thrown) {
    return thrown instanceof BreakerOpen ? "refused" : "failed";
  }
}

/** A tenth of a second apart. */
async function calls(count: number, error?: Error): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let at = 0; at < count; at++, now += 100) outcomes.push(await call(error));
  return outcomes;
}

async function open(): Promise<void> {
  await calls(3, new Away());
  expect(breaker.state).toBe("open");
}

test("three failures in a row open it, and nothing is asked any more", async () => {
  expect(await calls(5, new Away())).toEqual(["failed", "failed", "failed", "refused", "refused"]);
  expect([breaker.state, states]).toEqual(["open", ["open"]]);
});

test("failures of calls that began together are one", async () => {
  await Promise.all(Array.from({ length: 50 }, () => call(new Away())));
  expect(breaker.state).toBe("closed");
  now += 100;
  await call(new Away());
  now += 100;
  await call(new Away());
  expect(breaker.state).toBe("open");
});

test("failures with successes between them do not, and errors that the server answered are none", async () => {
  for (let at = 0; at < 5; at++) {
    await calls(2, new Away());
    expect(await call()).toBe("ok");
  }
  expect(await calls(10, new Error("no such thing"))).toEqual(Array(10).fill("failed"));
  expect(breaker.state).toBe("closed");
});

test("a failure that came much too late is this process's own delay", async () => {
  for (let at = 0; at < 10; at++) await call(new Away(), 400);
  expect(breaker.state).toBe("closed");
  for (let at = 0; at < 3; at++) await call(new Away(), 250);
  expect(breaker.state).toBe("open");
});

test("after a pause one call is the probe, and only one; pauses double up to 30 s", async () => {
  await open();
  const pauses: number[] = [];
  let opened = 200;
  for (let probe = 0; probe < 8; probe++) {
    while ((await call(new Away())) === "refused") now += 100;
    pauses.push(now - opened);
    opened = now;
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
  await open();
  breaker.nudge();
  expect(await call()).toBe("ok");
  expect(states).toEqual(["open", "returning"]);
});

test("calls come back by and by, and a failure among them opens it again", async () => {
  const admitted = async (error?: Error) => {
    let count = 0;
    for (let at = 0; at < 100; at++) if ((await call(error)) !== "refused") count++;
    return count;
  };
  await open();
  breaker.nudge();
  await call();
  expect(await admitted()).toBe(12);
  now += 1_500;
  expect(await admitted()).toBe(63);
  now += 1_200;
  expect(await admitted()).toBe(100);
  expect(states).toEqual(["open", "returning", "closed"]);

  await open();
  breaker.nudge();
  await call();
  expect([await admitted(new Away()), breaker.state]).toEqual([1, "open"]);
});

test("without a time to return all calls go through behind the probe", async () => {
  breaker = create(0);
  await open();
  breaker.nudge();
  expect(await calls(5)).toEqual(Array(5).fill("ok"));
  expect(breaker.state).toBe("closed");
});

test("a call from before that fails late does not open what has returned", async () => {
  const slow = Promise.withResolvers<void>();
  const before = breaker.run(() => slow.promise);
  await open();
  breaker.nudge();
  await call();
  slow.reject(new Away());
  await before.catch(() => {});
  expect(breaker.state).toBe("returning");
});

test("a call from before that ends well does not close what was opened since, and makes the next one the probe", async () => {
  const slow = Promise.withResolvers<void>();
  const before = breaker.run(() => slow.promise);
  await open();
  expect(await call()).toBe("refused");
  slow.resolve();
  await before;
  expect([breaker.state, await call(), breaker.state]).toEqual(["open", "ok", "returning"]);
});

describe("calls without an answer", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  async function wait(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 10) {
      now += 10;
      await vi.advanceTimersByTimeAsync(10);
    }
  }

  test("open it within half a second, and may yet succeed", async () => {
    const slow = [1, 2, 3, 4].map(() => Promise.withResolvers<string>());
    const answers: Promise<string>[] = [];
    for (const { promise } of slow) {
      answers.push(breaker.run(() => promise));
      await wait(100);
    }
    expect(breaker.state).toBe("closed");
    await wait(90);
    expect(breaker.state).toBe("open");
    expect(await call()).toBe("refused");
    for (const { resolve } of slow) resolve("late");
    expect(await Promise.all(answers)).toEqual(["late", "late", "late", "late"]);
    expect(await call()).toBe("ok");
    await wait(100);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("are counted once, whether they fail later or not", async () => {
    const slow = Promise.withResolvers<void>();
    const one = breaker.run(() => slow.promise);
    await wait(300);
    slow.reject(new Away());
    await expect(one).rejects.toThrow(Away);
    await call(new Away());
    expect(breaker.state).toBe("closed");
    await wait(100);
    await call(new Away());
    expect(breaker.state).toBe("open");
  });

  test("are not counted where the process stood still", async () => {
    for (let at = 0; at < 3; at++) {
      void breaker.run(() => new Promise(() => {}));
      now += 100;
    }
    now += 5_000;
    await vi.advanceTimersByTimeAsync(50);
    await wait(200);
    expect(breaker.state).toBe("closed");
    await wait(100);
    expect(breaker.state).toBe("closed");
  });

  test("as the probe, open it again", async () => {
    await open();
    breaker.nudge();
    const slow = Promise.withResolvers<void>();
    const probe = breaker.run(() => slow.promise);
    await wait(300);
    slow.resolve();
    await probe;
    expect(states).toEqual(["open", "returning"]);
  });
});
