import fc from "fast-check";
import { expect, test } from "vitest";
import { createHeatCounter } from "../../api/heat/heat-counter.ts";

/** Against an account of every single read. */

const halfLifeMs = 400;
const perWeight = (1_000 * Math.LN2) / halfLifeMs;

interface Read {
  readonly key: string;
  readonly reader: number;
  /** Behind the one before it. */
  readonly afterMs: number;
}

/** Now and then a silence in which everything is forgotten, and counts are brought down. */
const pause = fc.oneof(
  { weight: 200, arbitrary: fc.nat(30) },
  { weight: 3, arbitrary: fc.integer({ min: 200_000, max: 10_000_000 }) },
);
const reads = (keys: number, readers: number) =>
  fc.array(
    fc.record({
      key: fc.nat(keys - 1).map((number) => `product-${number}`),
      reader: fc.nat(readers - 1).map((number) => 2 ** 32 - 1 - number),
      afterMs: pause,
    }),
    { maxLength: 300, size: "max" },
  );

/** The clock at the end, and the exact rates: of each key, and within it of its keenest reader. */
function accountOf(all: readonly Read[]) {
  const now = all.reduce((sum, { afterMs }) => sum + afterMs, 0);
  const rates = new Map<string, Map<number, number>>();
  let at = 0;
  for (const { key, reader, afterMs } of all) {
    at += afterMs;
    const rate = perWeight * 2 ** ((at - now) / halfLifeMs);
    const ofKey = rates.get(key) ?? new Map<number, number>();
    rates.set(key, ofKey.set(reader, (ofKey.get(reader) ?? 0) + rate));
  }
  const exact = [...rates].map(([key, ofKey]) => {
    const perReader = [...ofKey.values()];
    return {
      key,
      all: perReader.reduce((sum, rate) => sum + rate, 0),
      keenest: Math.max(...perReader),
    };
  });
  return { now, exact };
}

function counted(all: readonly Read[], capacity: number, countsAlone: boolean) {
  const counter = createHeatCounter({ capacity, halfLifeMs, countsAlone });
  let now = 0;
  for (const { key, reader, afterMs } of all) {
    now += afterMs;
    counter.add(key, reader, now);
  }
  return new Map(counter.hottest(now, 0, capacity).map(({ key, perSecond }) => [key, perSecond]));
}

const tolerance = 1e-6;

test("where there are no more keys than slots each rate is exact, however long the silences", () => {
  fc.assert(
    fc.property(reads(8, 3), (all) => {
      const found = counted(all, 8, true);
      for (const { key, all: rate } of accountOf(all).exact)
        expect(Math.abs((found.get(key) ?? 0) - rate)).toBeLessThan(tolerance);
    }),
  );
});

test("where there are more, no rate is too high, and none is too low by more than a slot's share of all reads", () => {
  fc.assert(
    fc.property(reads(60, 3), fc.integer({ min: 1, max: 20 }), (all, capacity) => {
      const found = counted(all, capacity, true);
      const { exact } = accountOf(all);
      const share = exact.reduce((sum, { all: rate }) => sum + rate, 0) / capacity;
      for (const { key, all: rate } of exact) {
        expect(found.get(key) ?? 0).toBeLessThan(rate + tolerance);
        expect(found.get(key) ?? 0).toBeGreaterThan(rate - share - tolerance);
      }
    }),
  );
});

test("what one reader alone reads has no heat, whatever else is read", () => {
  fc.assert(
    fc.property(reads(6, 1), reads(6, 4), (alone, others) => {
      const mixed = alone.flatMap((read, at) => {
        const other = others[at];
        const own = { ...read, key: `alone-${read.key}` };
        return other === undefined ? [own] : [own, other];
      });
      const keys = [...counted(mixed, 12, false).keys()];
      expect(keys.filter((key) => key.startsWith("alone-"))).toEqual([]);
    }),
  );
});

test("beside others, heat is between what the others read and twice that, less by a slot's share at most", () => {
  fc.assert(
    fc.property(reads(12, 5), fc.integer({ min: 2, max: 16 }), (all, capacity) => {
      const found = counted(all, capacity, false);
      const { exact } = accountOf(all);
      const share = exact.length <= capacity ? 0 : exact.reduce((sum, one) => sum + one.all, 0) / capacity;
      for (const { key, all: rate, keenest } of exact) {
        const heat = found.get(key) ?? 0;
        expect(heat).toBeGreaterThan(rate - keenest - share - tolerance);
        expect(heat).toBeLessThan(Math.min(rate, 2 * (rate - keenest)) + tolerance);
      }
    }),
  );
});

test("a key that takes a slot inherits nothing of how its last one was read", () => {
  const counter = createHeatCounter({ capacity: 1, halfLifeMs, countsAlone: false });
  for (let time = 0; time < 100; time++) counter.add("vase", 7, 0);
  for (let time = 0; time < 10; time++) counter.add("lamp", time % 2, 0);
  expect(counter.hottest(0, 0, 1)).toEqual([{ key: "lamp", perSecond: 10 * perWeight }]);
});

test("two who read in turn count fully", () => {
  const counter = createHeatCounter({ capacity: 4, halfLifeMs, countsAlone: false });
  for (let at = 0; at < 4_000; at += 10) counter.add("lamp", (at / 10) % 2, at);
  const [{ perSecond = 0 } = {}] = counter.hottest(4_000, 1, 1);
  expect(perSecond).toBeGreaterThan(97);
  expect(perSecond).toBeLessThan(103);
});

test("a burst of 1,000 reads a second shows within 50 ms, and silence lets it fall by half in each half-life", () => {
  const counter = createHeatCounter({ capacity: 4, halfLifeMs, countsAlone: true });
  for (let at = 0; at < 50; at++) counter.add("lamp", 1, 1_000 + at);
  const rateAt = (now: number) => counter.hottest(now, 0, 1)[0]?.perSecond ?? 0;
  const then = rateAt(1_050);
  expect(then).toBeGreaterThan(75);
  expect(rateAt(1_050 + halfLifeMs)).toBeCloseTo(then / 2, 9);
  expect(rateAt(1_050 + 20 * halfLifeMs)).toBeLessThan(0.001);
});

test("a scan of many keys makes none hot and drives out none that is hot", () => {
  const counter = createHeatCounter({ capacity: 64, halfLifeMs, countsAlone: false });
  for (let at = 0; at < 3_000; at++) {
    for (let each = 0; each < 20; each++) counter.add(`scanned-${(20 * at + each) % 5_000}`, each, at);
    if (at % 2 === 0) counter.add("lamp", at, at);
  }
  // 20,000 a second in all, each of them four; a slot takes over as much as 313 of others, which is not told.
  expect(counter.hottest(3_000, 30, 64).map(({ key }) => key)).toEqual(["lamp"]);
});

test("the list begins with the hottest, ends where it is told to, and names equals by their keys", () => {
  const counter = createHeatCounter({ capacity: 8, halfLifeMs, countsAlone: true });
  for (const [key, times] of Object.entries({ c: 4, b: 4, d: 9, a: 1, e: 2 }))
    for (let time = 0; time < times; time++) counter.add(key, 1, 500);
  const keys = (least: number, max: number) => counter.hottest(500, least, max).map(({ key }) => key);
  expect(keys(0, 8)).toEqual(["d", "b", "c", "e", "a"]);
  expect(keys(0, 2)).toEqual(["d", "b"]);
  expect(keys(1.9 * perWeight, 8)).toEqual(["d", "b", "c", "e"]);
});

test("a key rises steeply by reads of some within a short time, and not by as many over a longer one", () => {
  const rises: number[] = [];
  let now = 0;
  const counter = createHeatCounter({
    capacity: 4,
    halfLifeMs,
    countsAlone: false,
    rising: { withinMs: 50, times: 1.5, morePerSecond: 10 * perWeight, rose: () => rises.push(now) },
  });
  const read = (times: number, everyMs: number) => {
    const from = now;
    rises.length = 0;
    for (let time = 0; time < times; time++) {
      now += everyMs;
      counter.add("lamp", time % 2, now);
      counter.add("by one alone", 7, now);
    }
    return rises.map((at) => at - from);
  };
  // Twelve reads have faded to ten when there are as many.
  expect(read(20, 1)).toEqual([12, 13, 14, 15, 16, 17, 18, 19, 20]);
  // From what it has there it would have to rise by a half and ten.
  now += 100;
  expect(read(19, 1)).toEqual([]);
  now += 20 * halfLifeMs;
  expect(read(200, 33)).toEqual([]);
  // Half of what that was comes on top.
  expect(read(40, 1)[0]).toBeGreaterThan(12);
  // What it had is forgotten while nobody reads.
  now += 20 * halfLifeMs;
  expect(read(20, 1)[0]).toBe(12);
});

test("a key that takes the slot of another rises from nothing", () => {
  let rises = 0;
  const counter = createHeatCounter({
    capacity: 1,
    halfLifeMs,
    countsAlone: true,
    rising: { withinMs: 50, times: 1.5, morePerSecond: 2.9 * perWeight, rose: () => rises++ },
  });
  for (let read = 0; read < 200; read++) counter.add("lamp", 1, 10 * read);
  rises = 0;
  for (let read = 0; read < 2; read++) counter.add("vase", 1, 2_000);
  expect(rises).toBe(0);
  counter.add("vase", 1, 2_000);
  expect(rises).toBe(1);
  counter.add("vase", 1, 2_050);
  expect(rises).toBe(2);
});
