import { expect, test } from "vitest";
import { planOf } from "./planned.ts";
import { type Plant, plants } from "./plants.ts";
import { run } from "./run.ts";
import { shrink } from "./shrink.ts";
import { simulate } from "./simulate.ts";
import { tellStory } from "./story.ts";

/**
 * Bugs planted on purpose are found within the seeds of one `npm test`, by the checker that is there for them,
 * and nothing is found on the same seeds without them: a simulation that finds nothing proves nothing else.
 */

const seedsMax = 10_000;
const checks: Readonly<Record<string, RegExp>> = {
  "position-before-data": /read models|value|answer|backwards|liveness/,
  "guard-without-epoch": /answer|read models/,
  "delta-on-missing-key": /value|answer|read models/,
  "lease-without-check": /owner/,
  "write-without-fence": /value|answer|read models|backwards|liveness/,
  "quarantine-that-deletes": /lost/,
};

async function firstFailing(plant: Plant): Promise<number> {
  for (let seed = 1; seed <= seedsMax; seed++) {
    const plan = planOf(seed);
    const { violation } = await run(plan, { plant });
    expect((await run(plan)).violation, `seed ${seed} without the plant`).toBeUndefined();
    if (violation !== undefined) return seed;
  }
  throw new Error(`not found within ${seedsMax} seeds`);
}

test("every planted bug has its checker here", () => {
  expect(Object.keys(checks)).toEqual(Object.keys(plants));
});

test.each(Object.entries(plants))(
  "%s is found, and its story is short",
  async (name, plant) => {
    const seed = await firstFailing(plant);
    const whole = planOf(seed);
    const small = await shrink(whole, { plant });
    const { violation } = await run(small, { plant });
    expect(violation?.check).toMatch(checks[name] ?? /never/);
    expect(small.events.length).toBeLessThanOrEqual(5);
    expect(small.faults.length).toBeLessThanOrEqual(4);
    expect((await run(small)).violation).toBeUndefined();
    expect(await tellStory(seed, whole, small, { plant })).toMatch(
      new RegExp(`^seed ${seed} breaks "${violation?.check}"`),
    );
  },
  300_000,
);

test("the command says where it found one, and exits with 0", async () => {
  const { output, code } = await simulate("--plant", "quarantine-that-deletes", "--seeds", "100");
  expect(output).toMatch(/^quarantine-that-deletes: found at seed \d+, by "lost"/m);
  expect(code).toBe(0);
});

test("the command refuses what it does not know", async () => {
  const { output, code } = await simulate("--plant", "roses");
  expect(output).toMatch(
    /^simulate: --plant: there is none called "roses": use all or one of position-before-data/m,
  );
  expect(code).toBe(1);
});
