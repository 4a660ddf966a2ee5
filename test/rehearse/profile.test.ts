import { expect, test } from "vitest";
import { createRandom } from "../../ops/demo/random.ts";
import { findCapacity } from "../../ops/rehearse/capacity.ts";
import { highestRate, phaseAt, type Phase, profileOf, rateIn } from "../../ops/rehearse/profile.ts";
import { createTraffic, pathOf } from "../../ops/rehearse/traffic.ts";

const seconds = { steady: 30, bursts: 5, warming: 10, ramp: 30, peak: 20, cooling: 15 };
const phases = profileOf({ seconds, peak: 6_000, dealShare: 0.5 });
const rateAt = (at: number) => rateIn(phaseAt(phases, at), at);

test("a ramp rises a hundredfold in its thirty seconds, and the sale begins at its end", () => {
  const ramp = phases.find(({ name }) => name === "ramp");
  expect(ramp).toMatchObject({ fromMs: 45_000, toMs: 75_000 });
  expect(rateAt(0)).toBe(60);
  expect(rateAt(45_000)).toBe(60);
  expect(rateAt(60_000)).toBe(3_030);
  expect(rateAt(75_000)).toBe(6_000);
  expect(rateAt(94_999)).toBe(6_000);
  expect(rateAt(110_000)).toBe(60);
  expect(highestRate(phases)).toBe(6_000);
});

test("its phases follow each other without a gap", () => {
  expect(phases.map(({ name }) => name)).toEqual(["steady", "bursts", "warming", "ramp", "peak", "cooling"]);
  for (const [at, { fromMs }] of phases.entries()) expect(fromMs).toBe(phases[at - 1]?.toMs ?? 0);
  expect(phases.at(-1)?.toMs).toBe(110_000);
});

const products = Array.from({ length: 1_000 }, (_, at) => `p ${at}`);
const deals = products.slice(500, 510);
const cold = products.slice(-2);

function shareOf(phase: Phase, at: (draw: number) => number) {
  const traffic = createTraffic({ products, deals, cold, exponent: 1 }, createRandom(5, 0));
  const draws = 50_000;
  const seen = { hot: 0, other: 0, burst: 0 };
  const paths = new Set<string>();
  for (let draw = 0; draw < draws; draw++) {
    const { kind, path } = traffic.next(phase, at(draw));
    seen[kind] += 1 / draws;
    if (kind === "burst") paths.add(path);
  }
  return { ...seen, paths };
}

test("half of the readers come for the deals while the sale is on, a tenth before it", () => {
  const [steady, , , , peak] = phases;
  if (steady === undefined || peak === undefined) throw new Error("phases are missing");
  // Beside what they get by Zipf's law: ten of the middle ranks.
  const byLaw = deals.reduce((sum, _, at) => sum + 1 / (501 + at), 0) / 7.485;
  expect(shareOf(peak, () => peak.fromMs).hot).toBeCloseTo(0.5 + 0.5 * byLaw, 2);
  expect(shareOf(steady, () => 0).hot).toBeCloseTo(0.1 + 0.9 * byLaw, 2);
  expect(shareOf(steady, () => 0).burst).toBe(0);
});

test("bursts are on one cold product after the other", () => {
  const bursts = phases[1];
  if (bursts === undefined) throw new Error("phases are missing");
  const { burst, paths } = shareOf(bursts, (draw) => bursts.fromMs + (draw % 2) * 1_000);
  expect(burst).toBeCloseTo(600 / 660, 2);
  expect(paths).toEqual(new Set(cold.map(pathOf)));
  // A second for which there is no product is as any other.
  expect(shareOf(bursts, () => bursts.fromMs + 4_000).burst).toBe(0);
});

const bearing = (bears: (perSecond: number) => boolean, holds = bears) => ({
  passes: async (perSecond: number) => bears(perSecond),
  holds: async (perSecond: number) => holds(perSecond),
});

test.each([3_170, 250, 100_000])("a capacity of %d is found to a sixteenth", async (capacity) => {
  const found = await findCapacity(bearing((perSecond) => perSecond <= capacity));
  expect(found).toBeLessThanOrEqual(capacity);
  expect(found).toBeGreaterThan(capacity * (1 - 1 / 16));
});

test("a moment of somebody else's does not end the search, and nothing is found where nothing passes", async () => {
  let trials = 0;
  const found = await findCapacity(bearing((perSecond) => ++trials !== 3 && perSecond <= 8_000));
  expect(found).toBe(8_000);
  expect(await findCapacity(bearing(() => false))).toBe(0);
});

test("what passes for a moment counts only as far as it holds", async () => {
  const rates: number[] = [];
  const holds = (perSecond: number) => rates.push(perSecond) > 0 && perSecond <= 7_000;
  expect(await findCapacity(bearing((perSecond) => perSecond <= 8_000, holds))).toBeCloseTo(6_480);
  expect(rates).toHaveLength(3);
  expect(
    await findCapacity(
      bearing(
        (perSecond) => perSecond <= 8_000,
        () => false,
      ),
    ),
  ).toBe(0);
});
