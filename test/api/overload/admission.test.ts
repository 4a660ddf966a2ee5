import { beforeEach, describe, expect, test } from "vitest";
import { type Admission, createAdmission } from "../../../api/admission.ts";
import { createArrivals } from "../../../api/arrivals.ts";
import { limits } from "../../../api/limits.ts";
import { type Asked, type ProcessOptions, simulate } from "./process.ts";

/** A loop that answers 4,000 a second at most with a fast tier behind it. */
const light = { cpuMs: [0.1, 0.15], tier: { servers: 10_000, ms: () => 1 } } as const;
/** The same for answers that are dear: 1,000 a second. */
const dear = { cpuMs: [0.4, 0.6], tier: { servers: 10_000, ms: () => 1 } } as const;
/** A loop with time, before a tier that does 2,000 a second. */
const behind = { cpuMs: [0.02, 0.03], tier: { servers: 32, ms: () => 16 } } as const;

const goodMs = 1_000;
const isGood = ({ outcome, tookMs }: Asked) => outcome === "answered" && tookMs <= goodMs;

describe("with more to do than can be done", () => {
  const calmMs = 5_000;
  const overloadMs = 12_000;
  const afterMs = 10_000;

  /** A third of the capacity, then `factor` times all of it, then a third again. */
  function under(factor: number, capacity: number, process: Pick<ProcessOptions, "cpuMs" | "tier">) {
    const isOver = (ms: number) => ms >= calmMs && ms < calmMs + overloadMs;
    const { asked } = simulate({
      ...process,
      perSecond: (ms) => capacity * (isOver(ms) ? factor : 0.3),
      forMs: calmMs + overloadMs + afterMs,
    });
    return {
      goodput: asked.filter((one) => isOver(one.at) && isGood(one)).length / (overloadMs / 1_000),
      calm: asked.filter(({ at }) => at < calmMs),
      after: asked.filter(({ at }) => at >= calmMs + overloadMs + afterMs / 2),
      refused: asked.filter((one) => isOver(one.at) && one.outcome === "refused").length,
    };
  }

  const longest = (asked: readonly Asked[]) => Math.max(...asked.map(({ tookMs }) => tookMs));

  test.each([
    ["a loop with light answers", 4_000, light],
    ["a loop with dear answers", 1_000, dear],
    ["a tier", 2_000, behind],
  ])("%s gives as many good answers as at its peak, and is as before soon after", (_, capacity, process) => {
    const runs = [1, 2, 5, 10].map((factor) => under(factor, capacity, process));
    const peak = Math.max(...runs.map(({ goodput }) => goodput));
    expect(peak).toBeGreaterThan(0.9 * capacity);
    for (const { goodput, calm, after, refused } of runs.slice(1)) {
      expect(goodput).toBeGreaterThan(0.9 * peak);
      expect(refused).toBeGreaterThan(0);
      expect(after.filter((one) => one.outcome !== "answered")).toEqual([]);
      expect(longest(after)).toBeLessThan(2 * longest(calm));
    }
  });
});

describe("nothing is refused", () => {
  const refusedOf = (options: ProcessOptions) =>
    simulate(options).asked.filter(({ outcome }) => outcome !== "answered");

  test.each([10, 100, 1_000, 2_500])(
    "at %i a second, while the process stands still now and then",
    (rate) => {
      const stalls = [
        [3_000, 3_300],
        [5_000, 5_100],
        [7_000, 7_300],
      ] as const;
      expect(refusedOf({ ...light, perSecond: () => rate, forMs: 10_000, stalls })).toEqual([]);
    },
  );

  test("while a tier takes as long as it may before it is given up, for 15 s", () => {
    const ms = (at: number) => (at > 3_000 && at < 18_000 ? 190 : 1);
    const tier = { servers: 10_000, ms };
    expect(refusedOf({ ...light, tier, perSecond: () => 2_000, forMs: 25_000 })).toEqual([]);
  });

  test("nor while it also stands still now and then", () => {
    const tier = { servers: 10_000, ms: (at: number) => (at > 3_000 && at < 18_000 ? 190 : 1) };
    const stalls = [
      [3_100, 3_400],
      [5_000, 5_300],
      [9_000, 9_200],
    ] as const;
    expect(refusedOf({ ...light, tier, perSecond: () => 1_500, forMs: 25_000, stalls })).toEqual([]);
  });

  test.each([250, 1_500])("when a tier stops, and is given up with %i ms for those who asked", (lostMs) => {
    const ms = (at: number) => (at > 3_000 && at < 3_450 ? lostMs : 3);
    const tier = { servers: 10_000, ms };
    expect(refusedOf({ ...light, tier, perSecond: () => 2_000, forMs: 10_000 })).toEqual([]);
  });

  test("when all ask at the same moment", () => {
    const perSecond = (ms: number) => (ms > 1_000 && ms < 1_010 ? 300_000 : 10);
    expect(refusedOf({ ...light, perSecond, forMs: 5_000 })).toEqual([]);
  });
});

describe("the room", () => {
  let now: number;
  let admission: Admission;
  let told: string[];
  let leaving: Map<string, () => void>;

  beforeEach(() => {
    now = 0;
    admission = createAdmission({ now: () => now, afterTurn: (done) => done() });
    told = [];
    leaving = new Map();
    for (let each = 0; each < limits.inFlight; each++) enter(`first ${each}`);
    told = [];
  });

  function enter(name: string, waitedMs = 0): void {
    const left = admission.enter({
      waitedMs,
      telling: true,
      start: () => told.push(name),
      refuse: () => told.push(`not ${name}`),
    });
    leaving.set(name, left);
  }
  const leave = (name: string) => leaving.get(name)?.();

  test("the oldest goes first, until there was somebody at each moment for a while; then the newest", () => {
    for (const name of ["a", "b", "c", "d"]) enter(name);
    leave("first 0");
    now += 90;
    leave("first 1");
    expect(told).toEqual(["a", "b"]);
    now += limits.roomStandingMs;
    leave("first 2");
    leave("first 3");
    expect(told.slice(2)).toEqual(["d", "c"]);
  });

  test("who went away takes no place and is refused nothing", () => {
    enter("a");
    enter("b");
    leave("a");
    leave("first 0");
    expect(told).toEqual(["b"]);
    expect(admission.counters).toMatchObject({ abandoned: 1, waiting: 0, inFlight: limits.inFlight });
    leave("b");
    leave("b");
    expect(admission.counters.inFlight).toBe(limits.inFlight - 1);
  });

  test("who waited for long is refused, a number of them at a time", () => {
    now += limits.admissionWindowMs;
    leave("first 0");
    enter("another");
    told = [];
    const late = 2 * limits.arrivalLateMs;
    for (let each = 0; each <= limits.refusalsPerTickMax; each++) enter(`${each}`, late);
    now += limits.patienceMs - 1;
    admission.tick();
    expect(told).toEqual([]);
    // Were nobody late in this window, what is under way would be stuck, and the others let past it.
    enter("last", late);
    now += 1;
    admission.tick();
    expect(told.length).toBe(limits.refusalsPerTickMax);
    admission.tick();
    expect(told.slice(-2)).toEqual([
      `not ${limits.refusalsPerTickMax - 1}`,
      `not ${limits.refusalsPerTickMax}`,
    ]);
    expect(admission.counters).toMatchObject({
      waiting: 1,
      refused: limits.refusalsPerTickMax + 1,
      inFlight: limits.inFlight,
    });
  });

  test("where nothing is answered although the loop has time, others go past what is stuck", () => {
    enter("a");
    now += limits.admissionWindowMs;
    admission.tick();
    expect(told).toEqual(["a"]);
    expect(admission.counters.limit).toBeGreaterThan(limits.inFlight);
  });

  test("slow answers lower the limit only where there is a queue", () => {
    const answerAll = (names: string) => {
      for (let each = 0; each < limits.inFlight; each++) leave(`${names} ${each}`);
    };
    now += 2 * limits.answerTargetMs;
    answerAll("first");
    expect(admission.counters.limit).toBe(limits.inFlight);
    for (let each = 0; each < limits.inFlight; each++) enter(`second ${each}`);
    enter("one more");
    now += 2 * limits.answerTargetMs;
    answerAll("second");
    now += limits.admissionWindowMs;
    admission.tick();
    expect(admission.counters.limit).toBeLessThan(limits.inFlight);
  });
});

test("a request had waited for half of the turn before, unless the loop had time for it", () => {
  let now = 0;
  let idle = 0;
  let endTurn = () => {};
  const waitedMs = createArrivals({
    now: () => now,
    idleMs: () => idle,
    afterTurn: (done) => {
      endTurn = done;
    },
  });
  expect(waitedMs()).toBe(0);
  now = 30;
  expect(waitedMs()).toBe(30);
  now = 40;
  endTurn();
  expect(waitedMs()).toBe(20);
  now = 50;
  expect(waitedMs()).toBe(30);
  endTurn();
  now = 90;
  idle = 35;
  expect(waitedMs()).toBe(0);
});
