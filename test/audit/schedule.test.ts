import fc from "fast-check";
import { expect, test } from "vitest";
import { createSchedule, type Question, slackOf } from "../../ops/audit/schedule.ts";

/** What is asked when, on a clock of the test's own. */

const offsetsMs = [100, 1_000, 5_000];

function world(inFlightMax: number) {
  let now = 0;
  const asked: (Question<number> & { readonly at: number })[] = [];
  const givenUp: Question<number>[] = [];
  let open: (() => void)[] = [];
  const schedule = createSchedule<number>({
    offsetsMs,
    tiers: 2,
    inFlightMax,
    now: () => now,
    ask(question) {
      asked.push({ ...question, at: now });
      return new Promise((resolve) => open.push(resolve));
    },
    giveUp: (question) => givenUp.push(question),
  });
  return {
    schedule,
    asked,
    givenUp,
    async answerAll() {
      while (open.length > 0) {
        const answered = open;
        open = [];
        for (const resolve of answered) resolve();
        await new Promise(setImmediate);
      }
    },
    to(moment: number) {
      now = moment;
      schedule.tick(now);
    },
  };
}

test("each change is asked about once at each offset, of each tier, and not before it is due", async () => {
  const times = fc.array(fc.nat({ max: 3_000 }), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(times, fc.integer({ min: 5, max: 90 }), async (moments, tickMs) => {
      const { schedule, asked, givenUp, answerAll, to } = world(1_000);
      const changes = [...moments].sort((a, b) => a - b);
      let next = 0;
      for (let now = 0; now <= 9_000; now += tickMs) {
        for (; (changes[next] ?? Number.POSITIVE_INFINITY) <= now; next++)
          schedule.add(next, changes[next] ?? 0);
        to(now);
        await answerAll();
      }
      expect(schedule.idle).toBe(true);
      expect(givenUp).toEqual([]);
      const keys = asked.map(({ change, tier, offsetMs }) => `${change} ${tier} ${offsetMs}`);
      expect(new Set(keys).size).toBe(keys.length);
      expect(keys.length).toBe(changes.length * 2 * offsetsMs.length);
      for (const { change, offsetMs, at } of asked) {
        const dueAt = (changes[change] ?? 0) + offsetMs;
        expect(at).toBeGreaterThanOrEqual(dueAt);
        expect(at - dueAt).toBeLessThanOrEqual(tickMs);
      }
    }),
    { numRuns: 30 },
  );
});

test("what could not be asked in time is given up, but for the last question", async () => {
  const { schedule, asked, givenUp, answerAll, to } = world(1);
  for (const change of [1, 2, 3]) schedule.add(change, 0);
  to(100);
  // One of each tier is under way; the others wait until nobody can say any more what they showed at +100 ms.
  expect(asked.map(({ change }) => change)).toEqual([1, 1]);
  to(100 + slackOf(100) + 1);
  await answerAll();
  expect(givenUp.map(({ change, offsetMs }) => [change, offsetMs])).toEqual([
    [2, 100],
    [3, 100],
    [2, 100],
    [3, 100],
  ]);
  to(60_000);
  await answerAll();
  const last = asked.filter(({ offsetMs }) => offsetMs === 5_000);
  expect(last.map(({ change, tier }) => [change, tier])).toEqual(
    expect.arrayContaining([1, 2, 3].flatMap((change) => [0, 1].map((tier) => [change, tier]))),
  );
  expect(schedule.idle).toBe(true);
});
